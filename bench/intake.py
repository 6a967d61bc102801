"""Measures what a changed grade costs in the learner's own transaction, with a million rows in the tables and with few.

Fills two databases of one MariaDB, and leaves them for ``bench.claim``. Prints its result as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import django

django.setup()

from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from bench import plans, queries, score_world, tokens  # noqa: E402
from bench.fill import Size, Sql, fill, fill_everything  # noqa: E402
from bench.growth import BIG, BIG_DATABASE, SMALL_DATABASE, STEP, WARM_UP, use  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from lti_1p3_provider.identifiers import digest  # noqa: E402
from lti_1p3_provider.resource_links.models import ResourceLink  # noqa: E402
from lti_1p3_provider.scores.models import LineItem, PendingScore  # noqa: E402
from lti_1p3_provider.scores.outbox import intake  # noqa: E402

Timed = dict[str, list[float]]


def main() -> None:
    """Fill both, measure in turns, explain."""
    minter = Minter()
    for name, step in ((SMALL_DATABASE, STEP), (BIG_DATABASE, 1)):
        started = time.monotonic()
        use(name)
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        fill_everything(BIG, minter, step=step)
        link_above(BIG)
        print(f"{name}: filled in {time.monotonic() - started:.0f} s", file=sys.stderr)
    cache.clear()
    learners = range(STEP, BIG.users + 1, STEP)
    found = {
        "lti_learner": _compare(list(learners)),
        "other_learner": _compare([BIG.users + number for number in learners]),
    }
    print(json.dumps({**found, "users": BIG.users}))


def link_above(size: Size) -> None:
    """Link unit and subsection, too, for those who are measured."""
    people = f"seq_{STEP}_to_{size.users}_step_{STEP}"
    owner = f"CEIL(seq / {size.users_each})"
    for number, block in enumerate((tokens.UNIT, tokens.SUBSECTION), start=1):
        key = Sql(f"seq + {number} * 10000000")
        place = {"course_key": tokens.COURSE, "usage_key": block}
        link = {"deployment_id": Sql(owner), "context_id": Sql(owner), "link_id": block, "link_digest": digest(block)}
        fill(ResourceLink, people, id=key, **link, **place)
        fill(LineItem, people, id=key, resource_link_id=key, url=f"{tokens.LINE_ITEMS}/{number}", **place)
        whose = {"registration_id": Sql(owner), "lane_id": Sql(owner), "platform_user_id": Sql("seq")}
        fill(PendingScore, people, id=key, line_item_id=key, **whose)


def _compare(learners: list[int]) -> dict[str, object]:
    """Each learner answers once in each database; return medians, and the queries besides savepoints."""
    taken: Timed = {SMALL_DATABASE: [], BIG_DATABASE: []}
    explained = learners.pop()
    for place, learner in enumerate(learners):
        for database, seconds in taken.items():
            use(database)
            seconds.append(_timed(learner, float(place % 4)))
    small, big = (statistics.median(seconds[WARM_UP:]) * 1000 for seconds in taken.values())
    return {
        "small_ms": round(small, 2),
        "big_ms": round(big, 2),
        "growth": round(big / small, 3),
        "answers": len(learners) - WARM_UP,
        "queries": _queries(explained),
    }


def _timed(learner: int, earned: float) -> float:
    """Return the seconds that intake takes, in a transaction that is open anyway."""
    change = score_world.changed(learner, earned)
    with transaction.atomic():
        started = time.perf_counter()
        intake.grade_changed(change)
        return time.perf_counter() - started


def _queries(learner: int) -> int:
    """Explain intake's queries (stderr); return how many there are."""
    use(BIG_DATABASE)
    with queries.recorded() as seen, transaction.atomic():
        intake.grade_changed(score_world.changed(learner, 1.0))
    own = queries.own(seen)
    print(f"\nIntake, {BIG.users:,} users:\n\n{plans.table(plans.explain(own))}", file=sys.stderr)
    return len(own)


if __name__ == "__main__":
    main()
