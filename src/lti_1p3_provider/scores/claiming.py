"""Hands out what is due, to one worker at a time.

A lease is taken by a conditional UPDATE, so it is correct on MySQL, PostgreSQL and SQLite, and no lock or transaction
is open while a platform is called. A worker that dies loses its lease after a while, and the row is due again. Nothing
here waits for a row while it holds another: a learner's request may hold it, and must not end in a deadlock.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores import lanes
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from lti_1p3_provider.users.models import PlatformUser

CHUNK = 500
MOST_REGISTRATIONS = 50  # looked at together
MOST_LANES = 8  # of one platform at a time
SENT = ("sent_given", "sent_maximum", "sent_at")


def due_registrations() -> tuple[dict[int, str], bool]:
    """Return registrations that are on and have something due, with the names of their platforms, and whether these are
    all.

    Where there are very many, some of them, others each time, and none of which it is known that they take no scores.
    """
    due = PendingScore.objects.filter(due_at__lte=timezone.now()).order_by().values("registration_id")
    # With MIN, MariaDB reads one index entry for each registration; with DISTINCT it would read all.
    groups = due.annotate(first=Min("due_at")).values_list("registration_id", "first")
    found = dict(groups[: MOST_REGISTRATIONS + 1])
    is_all = len(found) <= MOST_REGISTRATIONS
    if not is_all:
        found = _some_of_many(groups)
    return dict(Registration.objects.filter(enabled=True, pk__in=found).values_list("pk", "platform")), is_all


def _some_of_many(groups: QuerySet[PendingScore, tuple[int, datetime]]) -> dict[int, datetime]:
    """Return some of those that may take scores, from any of these on."""
    left_alone = Outage.objects.filter(until__gt=timezone.now()).values("pk")
    approved = Deployment.objects.filter(status=Deployment.Status.APPROVED).values("registration_id")
    usable = Registration.objects.filter(enabled=True, pk__in=approved).exclude(pk__in=left_alone).order_by("pk")
    if not (number := usable.count()):
        return {}
    start = usable.values_list("pk", flat=True)[random.randrange(number)]
    others = Registration.objects.exclude(pk__in=usable.values("pk")).values_list("pk", flat=True)
    groups = groups.exclude(registration_id__in=list(others))
    found = dict(groups.filter(registration_id__gte=start)[:MOST_REGISTRATIONS])
    return found | dict(groups.filter(registration_id__lt=start)[: MOST_REGISTRATIONS - len(found)])


def claim(registration_pk: int, limit: int, interval: float = 0.001) -> list[PendingScore]:
    """Take up to ``limit`` due rows of a registration, in lanes that nobody else sends in; oldest first.

    Each row comes with what delivery needs of it. Its ``last_timestamp`` is the one to be sent now, at least
    ``interval`` seconds after the one before. From here on we cannot know what the platform has, until it answers: in
    the database ``sent_*`` are empty, in the row they are as they were. Give the lanes back with ``release_lanes``.
    """
    now = timezone.now()
    lease, until = uuid.uuid4().hex, now + _term()
    due = PendingScore.objects.filter(_free(now), registration_id=registration_pk, due_at__lte=now)
    mine: set[int] = set()
    found: dict[int, int] = {}
    rows: list[PendingScore] = []
    try:
        for found in _candidates(due, registration_pk, limit, now):
            if mine := lanes.take(list(dict.fromkeys(found.values())), MOST_LANES, lease, now, until):
                break
        chosen = [pk for pk, lane in found.items() if lane in mine]
        if len(chosen) < min(len(found), limit / 2):
            chosen = _oldest([lane for lane in dict.fromkeys(found.values()) if lane in mine], limit, now)
        for part in parts(chosen):
            with transaction.atomic():
                rows += _take(due.filter(pk__in=part), timedelta(seconds=interval), lease, until)
        whole = _complete(rows)
    except BaseException:
        with suppress(DatabaseError):  # if the database still answers
            PendingScore.objects.filter(lane_id__in=mine, lease=lease).update(lease="", leased_until=None)
            lanes.release(mine, lease)
        raise
    lanes.release(mine - {row.lane_id for row in whole}, lease)
    return whole


def _candidates(
    due: QuerySet[PendingScore], registration_pk: int, limit: int, now: datetime
) -> Iterator[dict[int, int]]:
    """Yield due rows with their lanes, until the caller can have one of the lanes.

    First the oldest. If all of these are in lanes of others, it may take long to read past them, so the newest are
    looked at before that.
    """
    found = due.order_by("due_at").values_list("pk", "lane_id")
    oldest = dict(found[:limit])
    if not oldest:
        return
    yield oldest
    if len(oldest) == limit:
        yield dict(found.order_by("-due_at")[:limit])
        yield dict(found.exclude(lane_id__in=lanes.closed(registration_pk, now))[:limit])


def _oldest(mine: Collection[int], limit: int, now: datetime) -> list[int]:
    """Return the oldest due rows of each lane, about as many of each.

    One query for all lanes would make the database look for their rows among everybody's, or sort them all.
    """
    found: list[int] = []
    for left, lane in zip(range(len(mine), 0, -1), mine, strict=True):
        rows = PendingScore.objects.filter(_free(now), lane_id=lane, due_at__lte=now).order_by("due_at")
        found += rows.values_list("pk", flat=True)[: -(-(limit - len(found)) // left)]
    return found


def _take(free: QuerySet[PendingScore], interval: timedelta, lease: str, until: datetime) -> list[PendingScore]:
    """Lease the rows that are still free, with new timestamps; return them with what the platform has, as far as we
    knew."""
    now = timezone.now()
    forgotten = dict.fromkeys(SENT)
    rows = list(lock(free))
    for row in rows:
        last = row.last_timestamp
        row.lease, row.leased_until, row.last_timestamp = lease, until, max(now, last + interval) if last else now
        if row.last_timestamp > now:
            later = {"last_timestamp": row.last_timestamp, "lease": lease, "leased_until": until}
            PendingScore.objects.filter(pk=row.pk).update(**later, **forgotten)
    usual = [row.pk for row in rows if row.last_timestamp == now]
    mine = {"last_timestamp": now, "lease": lease, "leased_until": until}
    PendingScore.objects.filter(pk__in=usual).update(**mine, **forgotten)
    return rows


def _complete(rows: Collection[PendingScore]) -> list[PendingScore]:
    """Give rows all that delivery reads, oldest first; they share line items, links and deployments.

    What was deleted just now is left out.
    """
    items = LineItem.objects.select_related("resource_link").in_bulk({row.line_item_id for row in rows})
    people = PlatformUser.objects.in_bulk({row.platform_user_id for row in rows})
    links = [item.resource_link for item in items.values()]
    deployments = Deployment.objects.select_related("registration").in_bulk({link.deployment_id for link in links})
    for link in links:
        if link.deployment_id in deployments:
            link.deployment = deployments[link.deployment_id]
    whole = [row for row in rows if row.line_item_id in items and row.platform_user_id in people]
    for row in whole:
        row.line_item, row.platform_user = items[row.line_item_id], people[row.platform_user_id]
    return sorted(whole, key=lambda row: (row.due_at, row.pk))


def lock(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """Lock rows, and leave out those that somebody holds, where the database can."""
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def parts(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    """Part rows into those that may be locked together: one by one where a database waits for each lock."""
    waits = connection.features.has_select_for_update and not connection.features.has_select_for_update_skip_locked
    size = 1 if waits else CHUNK
    return (pks[start : start + size] for start in range(0, len(pks), size))


def release_lanes(rows: Iterable[PendingScore]) -> None:
    """Let other workers into the lanes of claimed rows."""
    by_lease: dict[str, set[int]] = {}
    for row in rows:
        by_lease.setdefault(row.lease, set()).add(row.lane_id)
    for lease, taken in by_lease.items():
        lanes.release(taken, lease)


def renew(rows: Collection[PendingScore]) -> None:
    """Keep claimed rows and their lanes for longer; rows that somebody else has or holds by now are left alone."""
    until = timezone.now() + _term()
    with transaction.atomic():
        free = list(lock(PendingScore.objects.filter(pk__in=[row.pk for row in rows])).values_list("pk", flat=True))
        for lease in {row.lease for row in rows}:
            PendingScore.objects.filter(pk__in=free, lease=lease).update(leased_until=until)
    for lane, lease in {(row.lane_id, row.lease) for row in rows}:
        lanes.renew([lane], lease, until)


def is_open(row: PendingScore) -> bool:
    """Tell whether the row's platform is still switched on."""
    return Deployment.objects.filter(
        pk=row.line_item.resource_link.deployment_id, status=Deployment.Status.APPROVED, registration__enabled=True
    ).exists()


def _term() -> timedelta:
    """How long a lease is good without being renewed."""
    return timedelta(seconds=conf.lease)


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)
