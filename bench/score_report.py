"""Turns what ``make bench-scores`` measured into the result; see ``bench.report`` for its form."""

from __future__ import annotations

import os
from typing import Any

from bench.report import Figure, Measured, figure
from lti_1p3_provider.lti.transport import POOL_SIZE

SPEED = 20.0  # how many times as fast as the stock path
TARGETS = {
    "requests_per_score": 1.01,  # one each, and one token per hour and set of scopes
    "connections_per_1000": float(POOL_SIZE),
    "cpu_ms_per_score": 3.0,
    "coalescing": 52.0,
    "intake_ms": 3.0,
}
SHAPE_OF_LITTLE = "nearly_empty"


def build(found: Measured, *, quick: bool) -> dict[str, Any]:
    """Return the result; ``found`` holds what each part said, and ``deliver``'s by database."""
    delivered, claimed = found["deliver"], found["claim"]
    numbers = {
        "requests_per_score": _fewer(delivered, "requests_per_score", "requests/score, with access tokens"),
        "connections_per_1000": _fewer(delivered, "connections_per_1000", "connections/1000 scores"),
        "throughput": _speed(delivered),
        "cpu_ms_per_score": _computing(delivered),
        "coalescing": _coalescing(found["answers"]),
        "intake_ms": _intake(found["intake"]),
        "intake_queries": _intake_queries(found["intake"]),
        "claim_100_of_1m_ms": _claim(claimed),
    }
    rates = {
        name: {side: {key: value for key, value in of.items() if key != "rounds"} for side, of in sides.items()}
        for name, sides in delivered.items()
    }
    machine = {"processors": os.cpu_count(), "load_average": os.getloadavg()[2]}
    others = {name: part for name, part in found.items() if name != "deliver"}
    return {**numbers, "details": {"quick": quick, **machine, **rates, **others}}


def _pair(delivered: Measured, database: str, name: str) -> tuple[float, float]:
    """Return ours and the baseline's."""
    return delivered[database]["ours"][name], delivered[database]["stock"][name]


def _fewer(delivered: Measured, name: str, unit: str) -> Figure:
    """Something of which fewer are better, on the database where we need more."""
    ours, stock = _pair(delivered, max(delivered, key=lambda database: _pair(delivered, database, name)[0]), name)
    return figure(ours, stock, stock / ours, f"{unit}, at most the target; ratio baseline / ours", TARGETS[name])


def _speed(delivered: Measured) -> Figure:
    def ratio(database: str) -> float:
        ours, stock = _pair(delivered, database, "throughput")
        return ours / stock

    worse = min(delivered, key=ratio)
    unit = f"scores/s ({worse}); the target is the ratio's"
    return figure(*_pair(delivered, worse, "throughput"), ratio(worse), unit, SPEED)


def _computing(delivered: Measured) -> Figure:
    def ratio(database: str) -> float:
        ours, stock = _pair(delivered, database, "cpu_ms_per_score")
        return stock / ours

    worse = min(delivered, key=ratio)
    unit = f"ms of processor time/score ({worse}), at most the target; ratio baseline / ours"
    return figure(*_pair(delivered, worse, "cpu_ms_per_score"), ratio(worse), unit, TARGETS["cpu_ms_per_score"])


def _coalescing(answers: Measured) -> Figure:
    """A worker that runs after each answer has the least to put together."""
    ours, baseline = answers["at_leisure"]["posts"], answers["baseline"]
    unit = f"posts for {answers['answers']} answers with 3 links, at most the target; ratio baseline / ours"
    return figure(ours, baseline, baseline / ours, unit, TARGETS["coalescing"])


def _intake(intake: Measured) -> Figure:
    """A learner without LTI. There is no stock intake to compare with."""
    ours, empty, target = intake["other_learner"]["big_ms"], intake["other_learner"]["small_ms"], TARGETS["intake_ms"]
    unit = "ms in the learner's request, at most the target; baseline: nearly empty tables; ratio target / ours"
    return figure(ours, empty, target / ours, unit, target)


def _intake_queries(intake: Measured) -> Figure:
    ours = intake["other_learner"]["queries"]
    unit = "queries of a learner without LTI, at most the target; baseline: the target; ratio target / ours"
    return figure(ours, 1, 1 / ours, unit, 1)


def _claim(claimed: Measured) -> Figure:
    """The slowest shape with so many to claim. Which platforms are due is asked once for many claims."""
    shapes = {name: shape for name, shape in claimed.items() if isinstance(shape, dict)}
    shapes = {name: shape for name, shape in shapes.items() if shape["rows"] == claimed["limit"]}
    slowest = max(shapes, key=lambda name: float(shapes[name]["claim_ms"]))
    ours, target = shapes[slowest]["claim_ms"], 20.0
    unit = f"ms ({slowest}), at most the target; baseline: 100 rows in the table; ratio target / ours"
    return figure(ours, claimed[SHAPE_OF_LITTLE]["claim_ms"], target / ours, unit, target)
