"""Finds what is due, without taking it: which platforms' scores, and which rows of one of them."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils import timezone

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.outbox import lanes

MAX_REGISTRATIONS = 50  # looked at together
MAX_PAGE = 1000  # registrations

_turn: dict[str, int] = {}  # where this process begins its next look


@prepared
def _due_each(first: int, now: datetime) -> QuerySet[PendingScore, int]:
    """Return the registrations that have something due. For MIN, MariaDB reads one index entry for each; for DISTINCT
    it would read all."""
    rows: QuerySet[PendingScore] = (
        PendingScore.objects.due(now).filter(registration_id__gte=first).order_by("registration_id")
    )
    return rows.values_list("registration_id", flat=True).annotate(first=Min("due_at"))


@prepared
def _on(pks: list[int]) -> QuerySet[Registration, tuple[int, str]]:
    return Registration.objects.filter(enabled=True, pk__in=pks).values_list("pk", "platform")


@prepared
def _oldest_due(registration: int, now: datetime) -> QuerySet[PendingScore, tuple[int, int]]:
    return _due(registration, now).values_list("pk", "lane_id")


@prepared
def _due_in_lane(lane: int, now: datetime) -> QuerySet[PendingScore, int]:
    rows = PendingScore.objects.due(now).filter(lanes.free(now), lane_id=lane)
    return rows.order_by("due_at").values_list("pk", flat=True)


def registrations(most: int = MAX_REGISTRATIONS) -> tuple[dict[int, str], bool]:
    """Return enabled registrations that have something due, with the names of their platforms, and whether these are
    all of them.

    If there are more than ``most``, return some, different ones each time, and none that is known to take no scores.
    """
    now = timezone.now()
    first = _due_each.at_most(most + 1, 1, now)
    if len(first) <= most:
        return dict(_on(first)), True
    return _some_of_many(now, most), False


def _some_of_many(now: datetime, most: int) -> dict[int, str]:
    """Return some registrations that may take scores, however many others lie between them. The first look of a process
    starts at random, each later one where the last one ended."""
    newest = Registration.objects.order_by("-pk").values_list("pk", flat=True).first() or 1
    start, size = _turn.get("start") or random.randint(1, newest), most
    found: dict[int, str] = {}
    for first, last in ((start, newest), (1, min(start - 1, newest))):
        while first <= last and len(found) < most:
            page = [pk for pk in _due_each.at_most(size, first, now) if pk <= last]
            usable = _usable(page, now)
            chosen = [pk for pk in page if pk in usable][: most - len(found)]
            found |= {pk: usable[pk] for pk in chosen}
            first, size = page[-1] + 1 if page else last + 1, min(size * 2, MAX_PAGE)
            _turn["start"] = (chosen or page or [last])[-1] + 1
    return found


def _usable(pks: Collection[int], now: datetime) -> dict[int, str]:
    """Return those that take scores, as far as is known, with the names of their platforms."""
    approved = Deployment.objects.approved().filter(registration_id=OuterRef("pk"))
    outages = Outage.objects.filter(registration_id=OuterRef("pk"), deployment=None, until__gt=now)
    rows = Registration.objects.filter(Exists(approved), ~Exists(outages), enabled=True, pk__in=pks)
    return dict(rows.values_list("pk", "platform"))


def candidates(
    registration_pk: int, limit: int, now: datetime, down: Collection[int] = (), only: int | None = None
) -> Iterator[dict[int, int]]:
    """Yield due rows with their lanes, batch by batch, until the caller can take one of the lanes.

    ``down``: deployments that are left alone; ``only``: yield rows of this deployment alone.

    The oldest rows come first. If others are sending in all of their lanes, reading past those rows may take long, so
    the newest rows are tried before that.
    """
    if only is not None:
        of_one = lanes.of_deployment(only)
        yield dict(_due(registration_pk, now).filter(lane_id__in=of_one).values_list("pk", "lane_id")[:limit])
        return
    oldest = dict(_oldest_due.at_most(limit, registration_pk, now))
    if not oldest:
        return
    yield oldest
    if len(oldest) == limit:
        rows = _due(registration_pk, now)
        yield dict(rows.order_by("-due_at").values_list("pk", "lane_id")[:limit])
        closed = lanes.closed(registration_pk, now, down)
        yield dict(rows.exclude(lane_id__in=closed).values_list("pk", "lane_id")[:limit])


def oldest_of(several: Collection[int], limit: int, now: datetime) -> list[int]:
    """Return the oldest due rows of each lane, about as many of each.

    One query for all lanes would make the database look for their rows among everybody's, or sort them all.
    """
    found: list[int] = []
    for left, lane in zip(range(len(several), 0, -1), several, strict=True):
        share = -(-(limit - len(found)) // left)
        found += _due_in_lane.at_most(share, lane, now)
    return found


def _due(registration: int, now: datetime) -> QuerySet[PendingScore]:
    """Oldest first."""
    return PendingScore.objects.due(now).filter(lanes.free(now), registration_id=registration).order_by("due_at")
