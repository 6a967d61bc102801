"""Measures both sides' score delivery in turns on one database, and what many answers of one learner become.

A process of its own for each database; prints its result as JSON. ``BENCH_PROFILE=1`` adds a profile of ours (stderr).
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count

import django

django.setup()

from bench import score_world  # noqa: E402
from bench.score_server import Counts, ScoreServer  # noqa: E402
from bench.score_world import World  # noqa: E402
from bench.stock import scores  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from lti_1p3_provider.scores.delivery.deliver import deliver_due  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK") == "1"
ROUNDS = 2 if QUICK else 7
COURSES, LEARNERS = 20, (10 if QUICK else 50)  # learners of each course
STOCK_SCORES = 5 if QUICK else 20  # in a round

Step = Callable[[], int]


def main() -> None:
    """Measure on the database that the settings name."""
    with ScoreServer() as platform:
        known = score_world.prepare(Minter(), platform.base, COURSES, LEARNERS)
        grades = (1.0 + number % 900 for number in count())
        sides: dict[str, Step] = {"ours": _ours, "stock": lambda: _stock(known, grades)}
        found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for _ in range(ROUNDS):
            expected = score_world.answer_all(known, next(grades))
            for name, step in sides.items():
                found[name].append(_measure(step, platform))
            assert found["ours"][-1]["scores"] == expected, "not every score arrived"
        if os.environ.get("BENCH_PROFILE") == "1":
            score_world.answer_all(known, next(grades))
            _profile()
    print(json.dumps({name: _middle(rounds) for name, rounds in found.items()}))


def _ours() -> int:
    report = deliver_due()
    assert report.postponed + report.parked + report.settled == 0, f"not all went well: {report}"
    return report.delivered


def _stock(known: World, grades: Iterator[float]) -> int:
    for _ in range(STOCK_SCORES):
        grade = next(grades)
        scores.post(known.launches[int(grade) % len(known.launches)], grade, score_world.MAXIMUM)
    return STOCK_SCORES


def _measure(step: Step, platform: ScoreServer) -> dict[str, float]:
    """Return what a step took, and what arrived at the platform meanwhile."""
    before, cpu, own, started = platform.counts(), time.process_time(), time.thread_time(), time.perf_counter()
    sent = step()
    seconds, busy, main = time.perf_counter() - started, time.process_time() - cpu, time.thread_time() - own
    seen: Counts = platform.counts() - before
    assert (seen.scores, seen.refused) == (sent, 0), f"{sent} sent, but the platform says {seen}"
    return {
        "scores": seen.scores,
        "tokens": seen.tokens,
        "connections": seen.connections,
        "per_second": sent / seconds,
        "cpu_ms": busy / sent * 1000,
        "cpu_ms_main_thread": main / sent * 1000,
    }


def _middle(rounds: list[dict[str, float]]) -> dict[str, object]:
    sent = sum(each["scores"] for each in rounds)
    return {
        "throughput": round(statistics.median(each["per_second"] for each in rounds), 1),
        "cpu_ms_per_score": round(statistics.median(each["cpu_ms"] for each in rounds), 2),
        "requests_per_score": round((sent + sum(each["tokens"] for each in rounds)) / sent, 4),
        "connections_per_1000": round(max(each["connections"] / each["scores"] * 1000 for each in rounds), 1),
        "rounds": [{name: round(value, 2) for name, value in each.items()} for each in rounds],
    }


def _profile() -> None:
    profiler = cProfile.Profile()
    profiler.runcall(deliver_due)
    for order in ("tottime", "cumulative"):
        pstats.Stats(profiler, stream=sys.stderr).sort_stats(order).print_stats(40)


if __name__ == "__main__":
    main()
