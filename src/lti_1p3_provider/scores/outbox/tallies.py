"""Counts what was done, by registration and day. These counts are quick to read, however many scores there are."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.scores.models import Tally

KINDS = ("delivered", "postponed", "parked")

Counts = Counter[tuple[int, str]]  # of (registration's primary key, one of KINDS)

SHOWN = timedelta(days=14)  # what pages show is kept, however short attempts are

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Day:
    """What one platform took on one day (UTC), what had to wait and was tried again, what was given up."""

    day: date
    delivered: int = 0
    postponed: int = 0
    parked: int = 0


def add(counts: Counts) -> None:
    """Add to today's counts and empty ``counts``. An error is logged and the counts are lost: they are no reason to
    fail."""
    taken, today = dict(counts), timezone.now().date()
    counts.clear()
    try:
        for registration in {registration for registration, _ in taken}:
            more = {kind: F(kind) + taken.get((registration, kind), 0) for kind in KINDS}
            row = Tally.objects.filter(registration_id=registration, day=today)
            if not row.update(**more):
                Tally.objects.get_or_create(registration_id=registration, day=today)
                row.update(**more)
    except DatabaseError:
        log.exception("LTI scores: counts of the day are incomplete")


def of_days(registration_pk: int, number: int) -> list[Day]:
    """Return the last days, today last, including those on which nothing happened."""
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in reversed(range(number))]
    rows = Tally.objects.filter(registration_id=registration_pk, day__gte=days[0])
    known = {row.day: Day(row.day, row.delivered, row.postponed, row.parked) for row in rows}
    return [known.get(day, Day(day)) for day in days]


def drop_old(now: datetime | None = None) -> int:
    """Delete tallies that are older than launch attempts may be, in batches; return how many."""
    before = ((now or timezone.now()) - max(timedelta(seconds=conf.attempt_retention), SHOWN)).astimezone(UTC).date()
    return drop(Tally.objects.filter(day__lt=before))
