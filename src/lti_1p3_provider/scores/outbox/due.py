"""Finds what is due, without taking it: which platforms' scores, and which rows of one of them."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from lti_1p3_provider.database.prepared import Lookup
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.outbox import lanes

MOST_REGISTRATIONS = 50  # looked at together
LARGEST_PAGE = 1000  # registrations

_turn: dict[str, int] = {}  # where this process begins its next look


def registrations(most: int = MOST_REGISTRATIONS) -> tuple[dict[int, str], bool]:
    """Return registrations that are on and have something due, with the names of their platforms, and whether these are
    all.

    Where there are more than ``most``, some of them, others each time, and none of which it is known that they take no
    scores.
    """
    now = timezone.now()
    first = _with_due(1, now, most + 1)
    if len(first) <= most:
        return dict(_on.columns(pks=first)), True
    return _some_of_many(now, most), False


def _some_of_many(now: datetime, most: int) -> dict[int, str]:
    """Return some of those that may take scores, however many others lie between them: from any of these on at first,
    then from where the last look of this process ended."""
    newest = max((pk for (pk,) in _newest_registration.columns()), default=1)
    start, size = _turn.get("start") or random.randint(1, newest), most
    found: dict[int, str] = {}
    for first, last in ((start, newest), (1, min(start - 1, newest))):
        while first <= last and len(found) < most:
            page = [pk for pk in _with_due(first, now, size) if pk <= last]
            usable = dict(_usable.columns(pks=page, now=now))
            chosen = [pk for pk in page if pk in usable][: most - len(found)]
            found |= {pk: usable[pk] for pk in chosen}
            first, size = page[-1] + 1 if page else last + 1, min(size * 2, LARGEST_PAGE)
            _turn["start"] = (chosen or page or [last])[-1] + 1
    return found


def _with_due(first: int, now: datetime, limit: int) -> list[int]:
    """Return registrations that have something due, from ``first`` on."""
    return [pk for pk, _ in _due_each.columns(limit, first=first, now=now)]


def candidates(
    registration_pk: int, limit: int, now: datetime, down: Collection[int] = (), only: int | None = None
) -> Iterator[dict[int, int]]:
    """Yield due rows with their lanes, until the caller can have one of the lanes.

    ``down``: deployments that are left alone; ``only``: the one whose rows are wanted.

    First the oldest. If all of these are in lanes of others, it may take long to read past them, so the newest are
    looked at before that.
    """
    if only is not None:
        of_one = lanes.of_deployment(only)
        yield dict(_due(registration_pk, now).filter(lane_id__in=of_one).values_list("pk", "lane_id")[:limit])
        return
    oldest = dict(_oldest_due.columns(limit, registration=registration_pk, now=now))
    if not oldest:
        return
    yield oldest
    if len(oldest) == limit:
        yield dict(_newest_due.columns(limit, registration=registration_pk, now=now))
        closed = lanes.closed(registration_pk, now, down)
        yield dict(_due(registration_pk, now).exclude(lane_id__in=closed).values_list("pk", "lane_id")[:limit])


def oldest_of(several: Collection[int], limit: int, now: datetime) -> list[int]:
    """Return the oldest due rows of each lane, about as many of each.

    One query for all lanes would make the database look for their rows among everybody's, or sort them all.
    """
    found: list[int] = []
    for left, lane in zip(range(len(several), 0, -1), several, strict=True):
        share = -(-(limit - len(found)) // left)
        found += [pk for (pk,) in _due_in_lane.columns(share, lane=lane, now=now)]
    return found


def _due(registration: int, now: datetime) -> QuerySet[PendingScore]:
    """Oldest first."""
    return PendingScore.objects.due(now).filter(lanes.free(now), registration_id=registration).order_by("due_at")


# With MIN, MariaDB reads one index entry for each registration; with DISTINCT it would read all.
_due_each = Lookup(
    PendingScore,
    lambda first, now: (
        PendingScore.objects.due(now)
        .filter(registration_id__gte=first)
        .order_by("registration_id")
        .values("registration_id")
        .annotate(first=Min("due_at"))
    ),
    limit=None,
)
_newest_registration = Lookup(Registration, lambda: Registration.objects.order_by("-pk").values("pk"))
# With the names of their platforms: those that are on, and of these those that take scores as far as is known.
_on = Lookup(
    Registration, lambda pks: Registration.objects.filter(enabled=True, pk__in=pks).values("pk", "platform"), limit=None
)
_usable = Lookup(
    Registration,
    lambda pks, now: Registration.objects.filter(
        Exists(Deployment.objects.approved().filter(registration_id=OuterRef("pk"))),
        ~Exists(Outage.objects.filter(registration_id=OuterRef("pk"), deployment=None, until__gt=now)),
        enabled=True,
        pk__in=pks,
    ).values("pk", "platform"),
    limit=None,
)
_oldest_due = Lookup(
    PendingScore, lambda registration, now: _due(registration, now).values("pk", "lane_id"), limit=None
)
_newest_due = Lookup(
    PendingScore,
    lambda registration, now: _due(registration, now).order_by("-due_at").values("pk", "lane_id"),
    limit=None,
)
_due_in_lane = Lookup(
    PendingScore,
    lambda lane, now: (
        PendingScore.objects.due(now).filter(lanes.free(now), lane_id=lane).order_by("due_at").values("pk")
    ),
    limit=None,
)
