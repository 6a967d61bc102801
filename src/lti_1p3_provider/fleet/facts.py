"""Gathers what is known of some registrations, in a fixed number of queries.

Each query reads an index. Of a registration's scores and outages, no more are read than a page can show; its
deployments are all counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count as Number
from django.db.models import F, OuterRef, Subquery, Value
from django.utils import timezone

from lti_1p3_provider.diagnostics import tallies
from lti_1p3_provider.diagnostics.models import LaunchAttempt, TallyMark
from lti_1p3_provider.diagnostics.tallies import Last, LaunchDay, Launches
from lti_1p3_provider.fleet.health import Facts
from lti_1p3_provider.lti import contacts
from lti_1p3_provider.lti.contacts import About, Contact
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.status.overview import Count

DAYS = 14
MAX_COUNTED = 1000  # scores of a registration; beyond it a page says "more than"
MAX_OUTAGES = 1000
MAX_TAIL = 20_000  # attempts that nobody counted yet; of more, only the newest are looked at

WAITING, PARKED = "waiting", "parked"

Gathered = dict[int, tuple[Registration, Facts]]


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the tallies end. ``counted_at``: when nothing was left to count. ``complete``: only what is above ``mark``
    is missing from them."""

    mark: int
    counted_at: datetime | None
    complete: bool


def tail(now: datetime | None = None) -> Tail:
    """Return where the tallies end, and whether what is above can be counted at once."""
    row = TallyMark.objects.filter(pk=tallies.MARK).first()
    counted_at = row.caught_up_at if row else None
    mark = row.up_to if row else 0
    if counted_at and counted_at > (now or timezone.now()) - 2 * tallies.LAG:
        return Tail(mark, counted_at, complete=True)
    newest = LaunchAttempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Tail(max(mark, newest - MAX_TAIL), counted_at, newest - mark <= MAX_TAIL)


def gather(pks: Collection[int], above: Tail, now: datetime | None = None, most: int = MAX_COUNTED) -> Gathered:
    """Return the registrations with these primary keys, each with its facts. ``most``: up to how many scores of one
    kind are counted for each."""
    now = now or timezone.now()
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    registrations = _registrations(pks, most)
    counted, up_to = tallies.of_days(pks, days[0])
    newer = tallies.since_mark(pks, max(above.mark, up_to))
    deployments = _deployments(pks)
    down = _outages(pks)
    scores = _scores(registrations)
    known = contacts.of_all(pks)
    found: Gathered = {}
    for row in registrations:
        whole = next((one for one in down.get(row.pk, ()) if one.deployment_id is None), None)
        if whole:
            whole.registration = row
        found[row.pk] = (
            row,
            Facts(
                enabled=row.enabled,
                approved=deployments.get((row.pk, Deployment.Status.APPROVED), 0),
                pending=deployments.get((row.pk, Deployment.Status.PENDING), 0),
                fetches_keys=bool(row.key_set_url),
                days=tuple(_day(row.pk, day, counted, newer) for day in days),
                last=_last(row).later(newer.last.get(row.pk, Last())),
                waiting=_count(row, WAITING, scores, most),
                parked=_count(row, PARKED, scores, most),
                due_since=row.due_since,
                down_since=whole.since if whole else None,
                down_why=whole.says if whole else "",
                places_down=sum(one.deployment_id is not None for one in down.get(row.pk, ())),
                keys=known.get((row.pk, About.KEYS), Contact()),
                token=known.get((row.pk, About.TOKEN), Contact()),
            ),
        )
    return found


def _registrations(pks: Collection[int], most: int) -> list[Any]:
    """Return the rows, with the time of the oldest due score, and a mark where there are too many scores to count."""
    due = PendingScore.objects.filter(registration=OuterRef("pk"), due_at__isnull=False).order_by("due_at")
    parked = PendingScore.objects.given_up().filter(registration=OuterRef("pk")).order_by()
    more = slice(most, most + 1)
    rows = Registration.objects.filter(pk__in=pks).select_related("last_launch").defer("key_set")
    return list(
        rows.annotate(
            due_since=Subquery(due.values("due_at")[:1]),
            many_waiting=Subquery(due.values("pk")[more]),
            many_parked=Subquery(parked.values("pk")[more]),
        )
    )


def _scores(registrations: Collection[Any]) -> dict[tuple[int, str], int]:
    """Count scores by registration and what they are, where there are few."""

    def counted(rows: Any, what: str) -> Any:
        few = [row.pk for row in registrations if getattr(row, f"many_{what}") is None]
        some = rows.filter(registration_id__in=few).order_by().values("registration_id")
        return some.annotate(what=Value(what), number=Number("pk"))

    waiting = counted(PendingScore.objects.filter(due_at__isnull=False), WAITING)
    both = waiting.union(counted(PendingScore.objects.given_up(), PARKED), all=True)
    return {(row["registration_id"], row["what"]): row["number"] for row in both}


def _count(row: Any, what: str, scores: dict[tuple[int, str], int], most: int) -> Count:
    if getattr(row, f"many_{what}") is not None:
        return Count(most, more=True)
    return Count(scores.get((row.pk, what), 0))


def _deployments(pks: Collection[int]) -> dict[tuple[int, str], int]:
    rows = Deployment.objects.filter(registration_id__in=pks).order_by().values("registration_id", "status")
    return {(row["registration_id"], row["status"]): row["number"] for row in rows.annotate(number=Number("pk"))}


def _outages(pks: Collection[int]) -> dict[int, list[Outage]]:
    known = Outage.objects.filter(registration_id__in=pks).order_by(F("deployment").asc(nulls_first=True), "since")
    found: dict[int, list[Outage]] = {}
    for outage in known[:MAX_OUTAGES]:
        found.setdefault(outage.registration_id, []).append(outage)
    return found


def _last(row: Registration) -> Last:
    known = getattr(row, "last_launch", None)
    return Last(known.launched_at, known.refused_at, known.refusal) if known else Last()


def _day(pk: int, day: date, counted: dict[int, dict[date, LaunchDay]], newer: Launches) -> LaunchDay:
    none = LaunchDay(day)
    return counted.get(pk, {}).get(day, none) + newer.days.get(pk, {}).get(day, none)
