"""Measures a launch with few rows in the tables and with a million, in turns on one MariaDB; and explains our queries.

Every visitor launches once on each, so that nothing of theirs is in memory because they were just here. The small
database holds these visitors and no more. Prints its result as JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

import django

django.setup()

from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import plans, queries  # noqa: E402
from bench.fill import Size, fill_everything  # noqa: E402
from bench.tokens import Minter, Visitor  # noqa: E402
from bench.visit import OURS, STOCK, Browsers, Side  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK") == "1"
BIG = Size(20_000, 200) if QUICK else Size(1_000_000, 10_000)
STEP = 1_000 if QUICK else 2_000  # between two users who launch
WARM_UP = 5 if QUICK else 50
SMALL_DATABASE, BIG_DATABASE = "small", "big"


def main() -> None:
    """Fill both, measure, explain."""
    minter = Minter()
    for name, step in ((SMALL_DATABASE, STEP), (BIG_DATABASE, 1)):
        started = time.monotonic()
        use(name)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        fill_everything(BIG, minter, step=step)
        print(f"{name}: filled in {time.monotonic() - started:.0f} s", file=sys.stderr)
    cache.clear()
    browsers = Browsers(minter)
    numbers = range(STEP, BIG.users + 1, STEP)
    visitors = [Visitor(f"user-{number}", f"client-{BIG.registration_of(number)}") for number in numbers]
    explained = explain(browsers, visitors.pop())
    ours = compare(browsers, OURS, visitors)
    stock = compare(browsers, STOCK, visitors)
    print(json.dumps({"ours": ours, "stock": stock, "queries": len(explained), "users": BIG.users}))


def use(database: str) -> None:
    """Turn to one of the two databases, on the same connection, with cache entries of its own."""
    with connection.cursor() as cursor:
        cursor.execute(f"USE `{database}`")
    cache.key_prefix = database


def compare(browsers: Browsers, side: Side, visitors: list[Visitor]) -> dict[str, float]:
    """Return the median launch of a side on both databases, and how many times as long the big one takes."""
    taken: dict[str, list[float]] = {SMALL_DATABASE: [], BIG_DATABASE: []}
    for visitor in visitors:
        for database, seconds in taken.items():
            use(database)
            seconds.append(browsers.visit(side, visitor))
    small, big = (statistics.median(seconds[WARM_UP:]) for seconds in taken.values())
    return {
        "growth": round(big / small, 3),
        "small_ms": round(small * 1000, 2),
        "big_ms": round(big * 1000, 2),
        "pairs": len(visitors) - WARM_UP,
    }


def explain(browsers: Browsers, visitor: Visitor) -> list[queries.Query]:
    """Print how the big database finds what our queries ask for; return these."""
    use(BIG_DATABASE)
    for _ in range(2):  # the first launch has the course's outline written, the second has the block remembered
        browsers.visit(OURS, visitor)
    with queries.recorded() as seen:
        browsers.visit(OURS, visitor)
    own = queries.own(seen)
    print(f"\nQueries of ours with {BIG.users:,} users:\n\n{plans.table(plans.explain(own))}", file=sys.stderr)
    return own


if __name__ == "__main__":
    main()
