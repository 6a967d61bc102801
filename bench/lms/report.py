"""Turns what was measured inside an LMS into the result; see ``bench.report`` for its form."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bench.lms import makers
from bench.lms.turns import Taken
from bench.report import Figure, figure

Queries = Mapping[str, list[makers.Query]]
MORE_CPU, MORE_MS, MORE_QUERIES = 1.3, 8.0, 16
FIRST, GROWTH, CONTENT, ANSWER_MS, ANSWER_QUERIES = 2.5, 1.1, 1.05, 5.0, 3
PLAIN = "plain login of the same LMS"


def build(taken: Mapping[str, Taken], queries: Queries, *, quick: bool) -> dict[str, Any]:
    """Return the result."""
    numbers = {
        "launch_returning": _returning(taken["launch_returning"]),
        "launch_first": _times(taken["launch_first"], FIRST, "ms CPU, at most 2.5 x a plain login"),
        "course_growth": _growth(taken["course_growth"]),
        "answer": _answer(taken),
        "content": _times(taken["content_small"], CONTENT, "ms CPU, at most 1.05 x the LMS's own page"),
        "composite": _composite(taken["composite"]),
    }
    details = {
        "quick": quick,
        "processors": os.cpu_count(),
        "load_average": os.getloadavg()[2],
        **{name: {**one.details(), "more_ms": one.more_ms, "times": one.times} for name, one in taken.items()},
        "queries": {name: makers.counted(found) for name, found in queries.items()},
        "queries_more_than_plain_login": more_queries(queries),
        "queries_of_our_receiver": {
            name: _count(queries[f"{name}_with"]) - _count(queries[f"{name}_without"])
            for name in sorted({name.rpartition("_")[0] for name in queries if name.endswith("_without")})
        },
        "queries_target": {"launch": f"at most {MORE_QUERIES} more", "answer": f"at most {ANSWER_QUERIES}"},
    }
    return {**numbers, "details": details}


def more_queries(queries: Queries) -> dict[str, int]:
    """Return how many more queries login and launch make than a plain login."""
    plain = _count(queries["plain_login"])
    return {
        name: _count(queries[f"{name}_login"]) + _count(queries[f"{name}_launch"]) - plain
        for name in ("returning", "first")
    }


def _count(found: list[makers.Query]) -> int:
    return makers.counted(found)["queries"]


def _returning(one: Taken) -> Figure:
    bound = MORE_CPU * one.baseline_ms + MORE_MS
    unit = f"ms CPU of login and launch; baseline: {PLAIN}; ratio (1.3 x baseline + 8) / ours"
    return figure(one.ours_ms, one.baseline_ms, bound / one.ours_ms, unit, round(bound, 1))


def _times(one: Taken, target: float, unit: str) -> Figure:
    return figure(one.ours_ms, one.baseline_ms, target / one.times, f"{unit}; ratio target x baseline / ours", target)


def _growth(one: Taken) -> Figure:
    unit = "a launch in 2,100 blocks / in 20, at most the target; ratio target / ours"
    return figure(one.times, 1.0, GROWTH / one.times, unit, GROWTH)


def _answer(taken: Mapping[str, Taken]) -> Figure:
    """Measured from inside, in the course in which ours costs more: the difference of whole answers is noise."""
    ours = {name: taken[f"answer_{name}_parts"].ours_ms for name in ("small", "big")}
    worse = max(ours, key=lambda name: ours[name])
    unit = "ms CPU of our part of an answer, at most the target; baseline: the answer without it; ratio target / ours"
    baseline = taken[f"answer_{worse}"].baseline_ms
    return figure(ours[worse], baseline, ANSWER_MS / ours[worse], unit, ANSWER_MS)


def _composite(one: Taken) -> Figure:
    unit = "ms CPU of a learner's composite grades in 2,100 blocks; baseline: in 20; no target: ratio baseline / ours"
    return figure(one.ours_ms, one.baseline_ms, one.baseline_ms / one.ours_ms, unit, 0.0)
