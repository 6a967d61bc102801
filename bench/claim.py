"""Measures how long a worker needs to find and claim 100 scores out of a million rows, in several shapes.

Works on the databases that ``bench.intake`` has filled. What was claimed is put back each time. Prints its result as
JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import django

django.setup()

from django.db import connection  # noqa: E402
from django.db.models import CharField, F, Value  # noqa: E402
from django.db.models.functions import Cast, LPad  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import plans, queries  # noqa: E402
from bench.fill import Sql, fill  # noqa: E402
from bench.growth import BIG, BIG_DATABASE, QUICK, use  # noqa: E402
from lti_1p3_provider.registrations.models import Deployment  # noqa: E402
from lti_1p3_provider.resource_links.models import ResourceLink  # noqa: E402
from lti_1p3_provider.scores import outbox  # noqa: E402
from lti_1p3_provider.scores.models import Lane, PendingScore  # noqa: E402
from lti_1p3_provider.scores.outbox import claim, due

ROUNDS = 3 if QUICK else 15
LIMIT = 100
FEW = 100  # rows that are due in the shapes where few are
LANES = BIG.registrations
BUSY_LANES = 8  # in which others send, of 80
DUE = Sql("NOW(6) - INTERVAL 1 DAY + INTERVAL seq * 1000 MICROSECOND")
OWN = Sql(f"CEIL(seq / {BIG.users_each})")  # the row's registration, and its lane, as launches leave them
FIRST = Sql("1")


@dataclass(frozen=True)
class Shape:
    """How a million rows lie: whose they are, in which lanes, and when they are due. ``busy``: the first lanes are
    others'; ``rows``: how many there are; ``column``: the row's line item."""

    registration: Sql
    lane: Sql
    due_at: Sql = DUE
    column: Sql = OWN
    busy: bool = False
    rows: int = field(default=BIG.users)


SOMETIMES = Sql(f"IF(seq MOD {BIG.users // FEW} = 0, {DUE.expression}, NULL)")
SHAPES = {
    "nearly_empty": Shape(FIRST, Sql(f"1 + seq MOD {FEW // 10}"), rows=FEW),
    "one_registration_one_course": Shape(FIRST, FIRST, column=Sql("1 + seq MOD 50")),
    "one_registration_many_courses": Shape(FIRST, Sql(f"1 + seq MOD {LANES}")),
    "one_registration_others_send_the_oldest": Shape(FIRST, Sql(f"CEIL(seq * 80 / {BIG.users})"), busy=True),
    "many_registrations": Shape(OWN, OWN),
    "few_due_in_one_registration": Shape(FIRST, Sql(f"1 + seq MOD {LANES}"), due_at=SOMETIMES),
    "few_due_in_many_registrations": Shape(OWN, OWN, due_at=SOMETIMES),
}


def main() -> None:
    """Measure each shape; explain the queries."""
    use(BIG_DATABASE)
    found = {name: _measure(name, shape) for name, shape in SHAPES.items()}
    print(json.dumps({**found, "rows": BIG.users, "limit": LIMIT}))


def _measure(name: str, shape: Shape) -> dict[str, object]:
    _arrange(shape)
    with _lanes_of(shape):
        _explain(name)
        rounds = [_round(number) for number in range(ROUNDS)]
    found = {part: round(statistics.median(each[part] for each in rounds), 2) for part in rounds[0]}
    print(f"{name}: {found}", file=sys.stderr)
    return {**found, "fastest_ms": round(min(each["ms"] for each in rounds), 2)}


def _arrange(shape: Shape) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE TABLE `{PendingScore._meta.db_table}`")
        cursor.execute("SET SESSION foreign_key_checks = 0, unique_checks = 0")
        whose = {"registration_id": shape.registration, "lane_id": shape.lane, "line_item_id": shape.column}
        learned = {"platform_user_id": Sql("seq"), "revision": 1, "earned": 1.0, "possible": 4.0}
        fill(PendingScore, f"seq_1_to_{shape.rows}", id=Sql("seq"), due_at=shape.due_at, **whose, **learned)
        cursor.execute("SET SESSION foreign_key_checks = 1, unique_checks = 1")
        cursor.execute(f"ANALYZE TABLE `{PendingScore._meta.db_table}`, `{Lane._meta.db_table}`")


@contextmanager
def _lanes_of(shape: Shape) -> Iterator[None]:
    """Give the registration that has all rows all lanes and links, and others a lease where they are busy."""
    if shape.registration == FIRST:
        first = Deployment.objects.get(registration_id=1)
        Lane.objects.update(deployment=first)
        links = ResourceLink.objects.filter(pk__lte=LANES)
        links.update(deployment=first, link_digest=LPad(Cast("pk", CharField()), 64, Value("0")))
    if shape.busy:
        until = timezone.now() + timedelta(hours=1)
        Lane.objects.filter(pk__lte=BUSY_LANES).update(lease="another", leased_until=until)
    yield
    Lane.objects.filter(lease="another").update(lease="", leased_until=None)
    if shape.registration == FIRST:
        Lane.objects.update(deployment_id=F("pk"))  # as bench.fill numbers them
        links.update(deployment_id=F("pk"))


def _round(number: int) -> dict[str, float]:
    """Claim once, as a worker does, and put everything back; return the milliseconds of both steps."""
    started, cpu = time.perf_counter(), time.process_time()
    found, _ = due.registrations()
    chose = time.perf_counter()
    chosen = list(found)[number * 37 % len(found)]
    begun = time.perf_counter()
    rows = claim.claim(chosen, LIMIT)
    claimed, cpu = time.perf_counter(), time.process_time() - cpu
    assert rows, "nothing was claimed"
    _put_back(rows)
    parts = {"due_registrations_ms": (chose - started) * 1000, "claim_ms": (claimed - begun) * 1000}
    return {"ms": sum(parts.values()), **parts, "cpu_ms": cpu * 1000, "rows": len(rows)}


def _put_back(rows: list[PendingScore]) -> None:
    outbox.write_down([(row, outbox.put_back(row)) for row in rows])
    claim.release_lanes(rows)


def _explain(name: str) -> None:
    """Say on stderr how the rows are found."""
    with queries.recorded() as seen:
        found, _ = due.registrations()
        rows = claim.claim(next(iter(found)), LIMIT)
    _put_back(rows)
    print(f"\n{name}\n\n{plans.table(plans.explain(queries.own(seen)))}\n", file=sys.stderr)


if __name__ == "__main__":
    main()
