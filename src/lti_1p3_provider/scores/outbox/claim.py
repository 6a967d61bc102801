"""Hands out what is due, to one worker at a time.

A lease is taken by a conditional UPDATE, so it is correct on MySQL, PostgreSQL and SQLite, and no lock or transaction
is open while a platform is called. If a worker dies, its lease expires and the row is due again. Nothing here waits for
a row while holding another one: a learner's request may hold it, and must not end in a deadlock.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import due, lanes
from lti_1p3_provider.users.models import PlatformUser

CHUNK = 500
MAX_LANES = 8  # of one platform at a time
UNUSED = ("delivered_revision", "given_up", *reasons.FORGOTTEN, "result_given", "result_maximum", "result_at")
UNUSED_OF_LINKS = tuple(f"resource_link__{name}" for name in ("link_digest", "context", "course_key", "usage_key"))
SENT = ("sent_given", "sent_maximum", "sent_at")


@prepared
def _to_take(pks: list[int], now: datetime) -> QuerySet[PendingScore]:
    return lock(PendingScore.objects.filter(lanes.free(now), pk__in=pks, due_at__lte=now).defer(*UNUSED))


@prepared
def _line_items(pks: list[int]) -> QuerySet[LineItem]:
    return LineItem.objects.select_related("resource_link").filter(pk__in=pks).defer(*UNUSED_OF_LINKS)


@prepared
def _people(pks: list[int]) -> QuerySet[PlatformUser]:
    return PlatformUser.objects.filter(pk__in=pks).only("sub", "user")


@prepared
def _deployments(pks: list[int]) -> QuerySet[Deployment]:
    return Deployment.objects.select_related("registration").filter(pk__in=pks)


def claim(
    registration_pk: int,
    limit: int,
    interval: float = 0.001,
    down: Collection[int] = (),
    only: int | None = None,
    most_lanes: int = MAX_LANES,
) -> list[PendingScore]:
    """Take up to ``limit`` due rows of a registration, in lanes that nobody else sends in; oldest first.

    Each row comes with everything that delivery needs. Its ``last_timestamp`` is the one to be sent now, at least
    ``interval`` seconds after the previous one. Until the platform answers we cannot know what it has, so ``sent_*``
    are emptied in the database; the returned rows keep the old values. Give the lanes back with ``release_lanes``.
    ``down``: deployments to leave out; ``only``: take rows of this deployment alone; ``most_lanes``: how many lanes to
    take at most.
    """
    now = timezone.now()
    lease, until = uuid.uuid4().hex, now + _term()
    mine: set[int] = set()
    found: dict[int, int] = {}
    rows: list[PendingScore] = []
    try:
        for found in due.candidates(registration_pk, limit, now, down, only):
            if mine := lanes.take(list(dict.fromkeys(found.values())), most_lanes, lease, now, until, down):
                break
        chosen = [pk for pk, lane in found.items() if lane in mine]
        if len(chosen) < min(len(found), limit / 2):
            chosen = due.oldest_of([lane for lane in dict.fromkeys(found.values()) if lane in mine], limit, now)
        for part in parts(chosen):
            with transaction.atomic():
                rows += _take(part, timedelta(seconds=interval), lease, until)
        whole = _complete(rows)
    except BaseException:
        with suppress(DatabaseError):  # if the database still answers
            PendingScore.objects.filter(lane_id__in=mine, lease=lease).update(lease="", leased_until=None)
            lanes.release(mine, lease)
        raise
    if unused := mine - {row.lane_id for row in whole}:
        lanes.release(unused, lease)
    return whole


def _take(pks: Sequence[int], interval: timedelta, lease: str, until: datetime) -> list[PendingScore]:
    """Lease the rows that are still free and give them new timestamps; return them with what we believed the platform
    had."""
    now = timezone.now()
    forgotten = dict.fromkeys(SENT)
    rows = _to_take(list(pks), now)
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

    Rows that were deleted meanwhile are left out. Columns that delivery does not need are deferred.
    """
    items = {item.pk: item for item in _line_items(list({row.line_item_id for row in rows}))}
    people = {person.pk: person for person in _people(list({row.platform_user_id for row in rows}))}
    links = [item.resource_link for item in items.values()]
    of_links = _deployments(list({link.deployment_id for link in links}))
    deployments = {deployment.pk: deployment for deployment in of_links}
    for link in links:
        if link.deployment_id in deployments:
            link.deployment = deployments[link.deployment_id]
    whole = [row for row in rows if row.line_item_id in items and row.platform_user_id in people]
    for row in whole:
        row.line_item, row.platform_user = items[row.line_item_id], people[row.platform_user_id]
    return sorted(whole, key=lambda row: (row.due_at, row.pk))


def lock(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """Lock rows; where the database can, leave out those that another transaction holds."""
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def parts(pks: Sequence[int]) -> Iterator[Sequence[int]]:
    """Split rows into batches that may be locked together: one by one if the database has to wait for each lock."""
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
    """Keep claimed rows and their lanes for longer; rows that others have leased or locked by now are left alone."""
    until = timezone.now() + _term()
    with transaction.atomic():
        free = list(lock(PendingScore.objects.filter(pk__in=[row.pk for row in rows])).values_list("pk", flat=True))
        for lease in {row.lease for row in rows}:
            PendingScore.objects.filter(pk__in=free, lease=lease).update(leased_until=until)
    for lane, lease in {(row.lane_id, row.lease) for row in rows}:
        lanes.renew([lane], lease, until)


def is_open(row: PendingScore) -> bool:
    """Tell whether the row's platform is still switched on."""
    return Deployment.objects.open().filter(pk=row.line_item.resource_link.deployment_id).exists()


def _term() -> timedelta:
    """How long a lease is valid without being renewed."""
    return timedelta(seconds=conf.lease)
