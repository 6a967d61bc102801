"""Measures both sides in turns on one database: with the key set by URL, with the key set stored, and in a small course
and a large one.

A process of its own for each database; prints its result as JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import connection  # noqa: E402

from bench import queries, tokens, world  # noqa: E402
from bench.key_set_server import KeySetServer  # noqa: E402
from bench.tokens import Minter, Visitor  # noqa: E402
from bench.visit import OURS, STOCK, Browsers, Side  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK") == "1"
WARM_UP, PAIRS = (2, 5) if QUICK else (20, 300)

Step = Callable[[Visitor], float]


def main() -> None:
    """Measure on the database that the settings name."""
    minter = Minter()
    with KeySetServer(minter.key_set) as server:
        people = world.prepare(minter, server.url)
        browsers = Browsers(minter)
        result = {
            "key_set_url": compare(browsers, people[world.BY_URL]),
            "key_set_inline": compare(browsers, people[world.INLINE]),
            "course_growth": {side.name: course_growth(browsers, side, people[world.INLINE]) for side in (OURS, STOCK)},
            "outgoing": {side.name: outgoing(browsers, side, people, server) for side in (OURS, STOCK)},
            "queries": {side.name: count_queries(browsers, side, people) for side in (OURS, STOCK)},
        }
    print(json.dumps(result))


def compare(browsers: Browsers, people: list[Visitor]) -> dict[str, float]:
    """Return launches per second of both sides, and how many times as fast we are."""
    accounts = get_user_model().objects.count()
    sides = {side.name: partial(browsers.visit, side) for side in (OURS, STOCK)}
    in_turns(sides, people, WARM_UP)
    taken = in_turns(sides, people, PAIRS)
    assert get_user_model().objects.count() == accounts, "somebody was not a returning user"
    middle = {name: statistics.median(seconds) for name, seconds in taken.items()}
    fast = {name: statistics.quantiles(seconds, n=10)[0] for name, seconds in taken.items()}
    by_pair = [stock / ours for ours, stock in zip(taken["ours"], taken["stock"], strict=True)]
    return {
        "ours": round(1 / middle["ours"], 1),
        "baseline": round(1 / middle["stock"], 1),
        "ratio": round(middle["stock"] / middle["ours"], 2),
        "median_of_pair_ratios": round(statistics.median(by_pair), 2),
        "ratio_of_fastest_tenths": round(fast["stock"] / fast["ours"], 2),
        "ours_ms": round(middle["ours"] * 1000, 2),
        "baseline_ms": round(middle["stock"] * 1000, 2),
        "pairs": PAIRS,
    }


def course_growth(browsers: Browsers, side: Side, people: list[Visitor]) -> dict[str, float]:
    """Return the median launch of a side in a small course and a large one, and by how much they differ."""
    steps = {
        name: lambda visitor, link=link: browsers.visit(side, replace(visitor, link=link))
        for name, link in (("small", tokens.SMALL), ("large", tokens.LARGE))
    }
    in_turns(steps, people, max(WARM_UP, len(people)))  # the first launch of a link makes rows
    taken = in_turns(steps, people, PAIRS)
    small, large = (statistics.median(seconds) for seconds in taken.values())
    return {"growth": round(large / small, 3), "small_ms": round(small * 1000, 2), "large_ms": round(large * 1000, 2)}


def in_turns(steps: Mapping[str, Step], people: list[Visitor], rounds: int) -> dict[str, list[float]]:
    """Take each step once, again and again, each round with the next person; return the seconds by step."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds):
        for name, step in steps.items():
            taken[name].append(step(people[number % len(people)]))
    return taken


def outgoing(browsers: Browsers, side: Side, people: dict[str, list[Visitor]], server: KeySetServer) -> float:
    """Return how many requests a launch causes at the platform, once the key set is warm where a side keeps it."""
    before = server.requests()
    for visitor in people[world.BY_URL]:
        browsers.visit(side, visitor)
    return (server.requests() - before) / len(people[world.BY_URL])


def count_queries(browsers: Browsers, side: Side, people: dict[str, list[Visitor]]) -> list[str]:
    """Return the side's own queries of one launch, shortened for reading."""
    with queries.recorded() as seen:
        browsers.visit(side, people[world.BY_URL][0])
    found = [queries.brief(sql) for sql, _ in queries.own(seen)]
    print(f"\n{connection.vendor}: {len(found)} queries of {side.name} in login and launch:", file=sys.stderr)
    for sql in found:
        print(f"  {sql}", file=sys.stderr)
    return found


if __name__ == "__main__":
    main()
