"""Counts launches by registration and day, so that a page need not count a million attempts.

A launch writes its attempt and nothing else: a count in one row of the registration would make all its launches wait
for each other. The attempts since the last time are counted afterwards, by primary key, in batches. Each batch moves
the mark and adds to the tallies in one transaction, so that every attempt is counted once, even if several workers
count or one is interrupted. The newest attempts are left for later: an attempt gets its primary key when it is written,
but is visible only once its launch is committed. Until then ``since_mark`` counts them for pages.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.conflicts import is_conflict, traced
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.database.upserts import chunks, upsert
from lti_1p3_provider.diagnostics.models import OK, LastLaunch, LaunchAttempt, LaunchTally, TallyMark

BATCH = 20_000  # primary keys that are counted in one transaction
LAG = timedelta(minutes=5)  # longer than any launch's transaction, with what it may wait for locks
DOORS = ("login", "launch")
SHOWN = timedelta(days=14)  # what pages show is kept, however short attempts are
MARK = 1  # primary key of the one mark

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LaunchDay:
    """What became of a registration's launches on one day (UTC)."""

    day: date
    succeeded: int = 0
    refused: int = 0
    unproven: int = 0

    def __add__(self, other: LaunchDay) -> LaunchDay:
        """Return both together."""
        refused, unproven = self.refused + other.refused, self.unproven + other.unproven
        return LaunchDay(self.day, self.succeeded + other.succeeded, refused, unproven)


@dataclass(frozen=True, slots=True)
class Last:
    """A registration's newest launch and newest refusal, with its code."""

    launched_at: datetime | None = None
    refused_at: datetime | None = None
    refusal: str = ""

    def later(self, other: Last) -> Last:
        """Return the later of both, of each kind."""
        launched = max(filter(None, (self.launched_at, other.launched_at)), default=None)
        is_newer = other.refused_at is not None and (self.refused_at is None or other.refused_at >= self.refused_at)
        refused = other if is_newer else self
        return Last(launched, refused.refused_at, refused.refusal)


@dataclass(frozen=True, slots=True)
class Launches:
    """What was counted, by registration."""

    days: dict[int, dict[date, LaunchDay]]
    last: dict[int, Last]


def roll_up(batches: int | None = None, size: int = BATCH, now: datetime | None = None) -> bool:
    """Count attempts that are not in the tallies yet, in up to ``batches`` of ``size`` primary keys; return whether
    there are more. An error is logged and ends the run; the next one begins where this one ended."""
    done = 0
    try:
        while batches is None or done < batches:
            if not _count_some(size, now or timezone.now()):
                return False
            done += 1
    except DatabaseError as error:
        if not isinstance(error, IntegrityError) and not is_conflict(error):  # else somebody else was at work
            log.error("LTI launches: tallies are incomplete: %s", traced(error))
    return True


def drop_old(now: datetime | None = None) -> int:
    """Delete tallies that are older than attempts may be, in batches; return how many."""
    before = ((now or timezone.now()) - max(timedelta(seconds=conf.attempt_retention), SHOWN)).astimezone(UTC).date()
    return drop(LaunchTally.objects.filter(day__lt=before))


def since_mark(registrations: Collection[int], mark: int) -> Launches:
    """Count the attempts of some registrations that are above ``mark``, in two queries at most."""
    return _summed(LaunchAttempt.objects.filter(pk__gt=mark, registration_id__in=registrations))


def of_days(registrations: Collection[int], since: date) -> tuple[dict[int, dict[date, LaunchDay]], int]:
    """Return the tallies of some registrations since a day, and the mark up to which they count; 0 if there is none.
    One statement reads both: if the mark moved in between, attempts would be counted twice."""
    rows = LaunchTally.objects.filter(registration_id__in=registrations, day__gte=since)
    rows = rows.annotate(mark=Subquery(TallyMark.objects.filter(pk=MARK).values("up_to")))
    found: dict[int, dict[date, LaunchDay]] = {}
    mark = 0
    for pk, day, up_to, *counted in rows.values_list(
        "registration_id", "day", "mark", "succeeded", "refused", "unproven"
    ):
        found.setdefault(pk, {})[day] = LaunchDay(day, *counted)
        mark = up_to or 0
    return found, mark


def _count_some(size: int, now: datetime) -> bool:
    """Count one batch; return whether there are more."""
    mark = TallyMark.objects.filter(pk=MARK).values_list("up_to", flat=True).first()
    if mark is None:
        TallyMark.objects.get_or_create(pk=MARK)
        mark = 0
    first, last = _countable(mark, now)
    up_to = min(last, first + size - 1)
    moved = {"up_to": up_to} | ({"caught_up_at": now} if up_to == last else {})
    if up_to <= mark:
        TallyMark.objects.filter(pk=MARK).update(caught_up_at=now)
        return False
    found = _summed(LaunchAttempt.objects.filter(pk__gt=mark, pk__lte=up_to, registration__isnull=False))
    with transaction.atomic():
        if not TallyMark.objects.filter(pk=MARK, up_to=mark).update(**moved):
            return False  # another counts right now, and goes on
        for chunk in chunks(sorted(found.days)):
            _add(chunk, found)
    return up_to < last


def _countable(mark: int, now: datetime) -> tuple[int, int]:
    """Return the first primary key above the mark, and the last one before which everything is committed.

    The second is the newest attempt before the first young one. Below it there may be attempts that are not visible
    yet. Attempts from a clock that is far ahead would stay young for ever, so they do not count as young. A young
    attempt is never the end: it may be committed between two looks, before one with a lower primary key.
    """
    above = LaunchAttempt.objects.filter(pk__gt=mark)
    is_young = Q(created_at__range=(now - LAG, now + LAG))
    young: int | None = above.order_by().filter(is_young).aggregate(first=Min("pk"))["first"]
    older = above.exclude(is_young)
    if young is not None:
        older = older.filter(pk__lt=young)
    pks = older.values_list("pk", flat=True)  # one end at a time is read from the primary key, whatever is above
    return pks.order_by("pk").first() or mark, pks.order_by("-pk").first() or mark


def _summed(attempts: QuerySet[LaunchAttempt]) -> Launches:
    went_well = Q(outcome=OK)
    signed = Q(said__contains='"signature"')
    rows = (
        attempts.filter(door__in=DOORS)
        .order_by()
        .alias(said=Cast("steps", TextField()))
        .values("registration_id", day=TruncDate("created_at", tzinfo=UTC))
        .annotate(
            succeeded=Count("pk", filter=went_well),
            refused=Count("pk", filter=~went_well & signed),
            unproven=Count("pk", filter=~went_well & ~signed),
            launched_at=Max("created_at", filter=went_well),
            refusal=Max("pk", filter=~went_well),
        )
    )
    found = list(rows)
    refusals = _refusals([row["refusal"] for row in found if row["refusal"]])
    days: dict[int, dict[date, LaunchDay]] = {}
    last: dict[int, Last] = {}
    for row in found:
        pk = row["registration_id"]
        counted = (row["day"], row["succeeded"], row["refused"], row["unproven"])
        days.setdefault(pk, {})[row["day"]] = LaunchDay(*counted)
        newest = replace(refusals.get(row["refusal"], Last()), launched_at=row["launched_at"])
        last[pk] = last.get(pk, Last()).later(newest)
    return Launches(days, last)


def _refusals(pks: list[int]) -> dict[int, Last]:
    found: dict[int, Last] = {}
    for chunk in chunks(pks):
        rows = LaunchAttempt.objects.filter(pk__in=chunk).order_by().values_list("pk", "created_at", "outcome")
        found |= {pk: Last(None, at, outcome) for pk, at, outcome in rows}
    return found


def _add(registrations: Sequence[int], more: Launches) -> None:
    """Add to the tallies of registrations. Nobody else does so at the same time, because the mark is locked."""
    wanted = [day for pk in registrations for day in more.days[pk]]
    known: dict[tuple[int, date], LaunchDay] = {}
    for pk, days in of_days(registrations, min(wanted))[0].items():
        known |= {(pk, day): counted for day, counted in days.items()}
    rows = []
    for pk in registrations:
        for day, counted in more.days[pk].items():
            both = known.get((pk, day), LaunchDay(day)) + counted
            values = {"succeeded": both.succeeded, "refused": both.refused, "unproven": both.unproven}
            rows.append(LaunchTally(registration_id=pk, day=day, **values))
    upsert(rows, ("registration", "day"), ("succeeded", "refused", "unproven"))
    before = LastLaunch.objects.in_bulk(registrations)
    newest = []
    for pk in registrations:
        row = before.get(pk) or LastLaunch(registration_id=pk)
        last = Last(row.launched_at, row.refused_at, row.refusal).later(more.last[pk])
        moments = {"launched_at": last.launched_at, "refused_at": last.refused_at}
        newest.append(LastLaunch(registration_id=pk, refusal=last.refusal, **moments))
    upsert(newest, ("registration",), ("launched_at", "refused_at", "refusal"))
