"""Turns what was measured into the result: for each number ours, the baseline's, the ratio and the target.

A ratio above 1 means that ours is better.
"""

from __future__ import annotations

import os
from typing import Any

Measured = dict[str, Any]
Figure = dict[str, float | str]


def build(databases: dict[str, Measured], growth: Measured, *, quick: bool) -> dict[str, Any]:
    """Return the result; ``databases`` holds what ``bench.pairs`` found, by database.

    Raises:
        ValueError: somebody in the filled tables was not a returning user, so the measure of growth is void.
    """
    if growth["queries"] != len(databases["mariadb"]["queries"]["ours"]):
        raise ValueError(f"a launch in the filled tables took {growth['queries']} queries: see bench/fill.py")
    numbers = {
        "key_set_url": _speed(databases, "key_set_url", 3.0),
        "key_set_inline": _speed(databases, "key_set_inline", 1.0),
        "outgoing_per_warm_launch": _outgoing(databases),
        "queries_per_launch": _queries(databases),
        "growth_1m": _growth(growth),
        "course_growth": _course_growth(databases),
    }
    speeds = {name: {key: found[key] for key in ("key_set_url", "key_set_inline")} for name, found in databases.items()}
    details = {
        "processors": os.cpu_count(),
        "load_average": os.getloadavg()[2],
        **speeds,
        "queries": {
            name: {side: len(found) for side, found in of["queries"].items()} for name, of in databases.items()
        },
        "growth": {side: growth[side] for side in ("ours", "stock")},
        "growth_users": growth["users"],
        "course_growth": {name: found["course_growth"] for name, found in databases.items()},
        "worse_database": {name: _worse(databases, name) for name in ("key_set_url", "key_set_inline")},
    }
    return {**numbers, "quick": quick, "details": details}


def _worse(databases: dict[str, Measured], name: str) -> str:
    return min(databases, key=lambda database: float(databases[database][name]["ratio"]))


def _speed(databases: dict[str, Measured], name: str, target: float) -> Figure:
    """Launches per second, on the database where we do worse."""
    worse = _worse(databases, name)
    found = databases[worse][name]
    return figure(found["ours"], found["baseline"], found["ratio"], f"launches/s ({worse})", target)


def _outgoing(databases: dict[str, Measured]) -> Figure:
    """Both counts plus one, because ours should be 0."""
    ours, stock = (max(found["outgoing"][side] for found in databases.values()) for side in ("ours", "stock"))
    return figure(ours, stock, (stock + 1) / (ours + 1), "requests/launch; ratio (baseline + 1) / (ours + 1)", 0)


def _queries(databases: dict[str, Measured]) -> Figure:
    ours = max(len(found["queries"]["ours"]) for found in databases.values())
    stock = min(len(found["queries"]["stock"]) for found in databases.values())
    return figure(ours, stock, stock / ours, "queries/launch, at most the target; ratio baseline / ours", 8)


def _growth(growth: Measured) -> Figure:
    """Against the target: a launch that grows less than that is good."""
    target, ours = 1.2, growth["ours"]["growth"]
    return figure(
        ours, growth["stock"]["growth"], target / ours, "big / empty, at most the target; ratio target / ours", target
    )


def _course_growth(databases: dict[str, Measured]) -> Figure:
    """On the database where a launch of ours grows more."""

    def grown(database: str, side: str = "ours") -> float:
        return float(databases[database]["course_growth"][side]["growth"])

    target, worse = 1.1, max(databases, key=grown)
    unit = f"2,100 blocks / 20 blocks ({worse}), at most the target; ratio target / ours"
    return figure(grown(worse), grown(worse, "stock"), target / grown(worse), unit, target)


def figure(ours: float, baseline: float, ratio: float, unit: str, target: float) -> Figure:
    """Return one number of the result."""
    return {"ours": ours, "baseline": baseline, "ratio": round(ratio, 2), "unit": unit, "target": target}
