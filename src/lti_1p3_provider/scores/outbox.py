"""Hands out what is due, to one worker at a time.

A lease is taken by a conditional UPDATE, so it is correct on MySQL, PostgreSQL and SQLite, and no lock or transaction
is open while a platform is called. A worker that dies loses its lease after a while, and the row is due again. Nothing
here waits for a row while it holds another: a learner's request may hold it, and must not end in a deadlock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores import lanes
from lti_1p3_provider.scores.models import PendingScore

CHUNK = 500
MOST_LANES = 8  # of one platform at a time
NEEDED = ("platform_user", "line_item__resource_link")
SENT = ("sent_given", "sent_maximum", "sent_at")


def due_registrations() -> dict[int, str]:
    """Return the registrations that are on and have something due, with the names of their platforms."""
    due = PendingScore.objects.filter(due_at__lte=timezone.now()).order_by().values("registration_id")
    # With MIN, MariaDB reads one index entry for each registration; with DISTINCT it would read all.
    found = dict(due.annotate(first=Min("due_at")).values_list("registration_id", "first"))
    on = Registration.objects.filter(enabled=True)
    platforms = dict((on if len(found) > CHUNK else on.filter(pk__in=found)).values_list("pk", "platform"))
    return {pk: platforms[pk] for pk in found if pk in platforms}


def claim(registration_pk: int, limit: int, interval: float = 0.001) -> list[PendingScore]:
    """Take up to ``limit`` due rows of a registration, in lanes that nobody else sends in; oldest first.

    Each row comes with what delivery needs of it. Its ``last_timestamp`` is the one to be sent now, at least
    ``interval`` seconds after the one before. From here on we cannot know what the platform has, until it answers: in
    the database ``sent_*`` are empty, in the row they are as they were. Give the lanes back with ``release_lanes``.
    """
    now = timezone.now()
    due = PendingScore.objects.filter(_free(now), registration_id=registration_pk, due_at__lte=now)
    open_due = due.exclude(lane_id__in=lanes.closed(registration_pk, now)).order_by("due_at")
    oldest = dict(open_due.values_list("pk", "lane_id")[:limit])
    if not oldest:
        return []
    lease, until = uuid.uuid4().hex, now + _term()
    mine = lanes.take(list(dict.fromkeys(oldest.values()))[:MOST_LANES], lease, now, until)
    chosen = [pk for pk, lane in oldest.items() if lane in mine]
    if len(chosen) < len(oldest):
        chosen = _oldest([lane for lane in dict.fromkeys(oldest.values()) if lane in mine], limit, now)
    before: dict[int, dict[str, Any]] = {}
    for part in _parts(chosen):
        with transaction.atomic():
            before |= _take(due.filter(pk__in=part), timedelta(seconds=interval), lease=lease, leased_until=until)
    rows = _complete(before)
    for row in rows:
        vars(row).update(before[row.pk])
    lanes.release(mine - {row.lane_id for row in rows}, lease)
    return rows


def _oldest(mine: Collection[int], limit: int, now: datetime) -> list[int]:
    """Return the oldest due rows of each lane, about as many of each.

    One query for all lanes would make the database look for their rows among everybody's, or sort them all.
    """
    found: list[int] = []
    for left, lane in zip(range(len(mine), 0, -1), mine, strict=True):
        rows = PendingScore.objects.filter(_free(now), lane_id=lane, due_at__lte=now).order_by("due_at")
        found += rows.values_list("pk", flat=True)[: -(-(limit - len(found)) // left)]
    return found


def _complete(pks: Collection[int]) -> list[PendingScore]:
    """Return rows with all that delivery reads. Deployments are few and wide, so rows share them."""
    rows = list(PendingScore.objects.filter(pk__in=pks).select_related(*NEEDED).order_by("due_at"))
    links = [row.line_item.resource_link for row in rows]
    known = Deployment.objects.select_related("registration").in_bulk({link.deployment_id for link in links})
    for link in links:
        if link.deployment_id in known:  # it may have been deleted just now
            link.deployment = known[link.deployment_id]
    return rows


def _take(free: QuerySet[PendingScore], interval: timedelta, **lease: object) -> dict[int, dict[str, Any]]:
    """Lease the rows that are still free, with new timestamps; return what ``claim`` gives back of each."""
    now = timezone.now()
    taken = {values.pop("pk"): values for values in _lock(free).values("pk", "last_timestamp", *SENT)}
    forgotten = dict.fromkeys(SENT)
    for pk, values in taken.items():
        last = values["last_timestamp"]
        values["last_timestamp"] = max(now, last + interval) if last else now
        if values["last_timestamp"] > now:
            PendingScore.objects.filter(pk=pk).update(last_timestamp=values["last_timestamp"], **lease, **forgotten)
    usual = [pk for pk, values in taken.items() if values["last_timestamp"] == now]
    PendingScore.objects.filter(pk__in=usual).update(last_timestamp=now, **lease, **forgotten)
    return taken


def _lock(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """Lock rows, and leave out those that somebody holds, where the database can."""
    return rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)


def _parts(pks: Sequence[int]) -> Iterator[Sequence[int]]:
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
        free = list(_lock(PendingScore.objects.filter(pk__in=[row.pk for row in rows])).values_list("pk", flat=True))
        for lease in {row.lease for row in rows}:
            PendingScore.objects.filter(pk__in=free, lease=lease).update(leased_until=until)
    for lane, lease in {(row.lane_id, row.lease) for row in rows}:
        lanes.renew([lane], lease, until)


def is_open(row: PendingScore) -> bool:
    """Tell whether the row's platform is still switched on."""
    return Deployment.objects.filter(
        pk=row.line_item.resource_link.deployment_id, status=Deployment.Status.APPROVED, registration__enabled=True
    ).exists()


def write_down(rows: Sequence[PendingScore], note: Callable[[PendingScore], None]) -> list[PendingScore]:
    """Note what became of claimed rows, with one commit for all that nobody holds right now; return the others.

    A learner's request that takes long, or an operator's that regrades a course, must not keep a worker waiting.
    """
    left = {row.pk: row for row in rows}
    for part in _parts(list(left)):
        with transaction.atomic():
            for pk in _lock(PendingScore.objects.filter(pk__in=part)).values_list("pk", flat=True):
                note(left.pop(pk))
    return list(left.values())


def put_back(row: PendingScore) -> None:
    """Give a claimed row back unsent; it stays due when it was."""
    _held(row).update(lease="", leased_until=None, **_as_sent(row))


def delivered(row: PendingScore, given: float, maximum: float, answer: str) -> None:
    """The platform took the score of the claimed revision; a newer one stays due."""
    sent = {"sent_given": given, "sent_maximum": maximum, "sent_at": timezone.now(), "deliveries": row.deliveries + 1}
    _settle(row, answer, sent)


def settled(row: PendingScore, answer: str) -> None:
    """The claimed revision needs nothing sent; a newer one stays due."""
    _settle(row, answer, _as_sent(row))


def again(row: PendingScore, at: datetime, answer: str) -> None:
    """Try later."""
    _held(row).update(due_at=at, attempts=F("attempts") + 1, last_answer=answer[:255], lease="", leased_until=None)


def parked(row: PendingScore, reason: str, answer: str) -> None:
    """Give up until the grade changes again, the registration is mended or somebody resends."""
    _release(row, parked=reason, attempts=F("attempts") + 1, last_answer=answer[:255])


def send_anew(rows: QuerySet[PendingScore], **values: object) -> int:
    """Make rows due whatever was sent before; return how many. Their grades are read again.

    ``values`` are what else is to be changed.
    """
    anew = {"due_at": timezone.now(), "parked": "", "attempts": 0, "sent_given": None, "sent_maximum": None}
    return change_free(rows, revision=F("revision") + 1, earned=None, possible=None, **{**anew, **values})


def send_to_new_column(rows: QuerySet[PendingScore]) -> int:
    """Make rows due for a column that has none of their scores; return how many."""
    return send_anew(rows, deliveries=0, sent_at=None, result_given=None, result_maximum=None, result_at=None)


def try_again(rows: QuerySet[PendingScore]) -> int:
    """Make rows due that were given up; return how many."""
    return change_free(rows, due_at=timezone.now(), parked="", attempts=0)


def change_free(rows: QuerySet[PendingScore], **values: object) -> int:
    """Update many rows, some at a time; return how many.

    Where the database can, rows that a transaction holds right now are left out instead of being waited for: that one
    makes them due itself.
    """
    changed, last = 0, 0
    while pks := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        last = pks[-1]
        for part in _parts(pks):
            with transaction.atomic():
                mine = list(_lock(rows.filter(pk__in=part)).values_list("pk", flat=True))
                changed += PendingScore.objects.filter(pk__in=mine).update(**values)
    return changed


def _settle(row: PendingScore, answer: str, sent: Mapping[str, object]) -> None:
    _release(row, delivered_revision=row.revision, attempts=0, parked="", last_answer=answer[:255], **sent)


def _as_sent(row: PendingScore) -> dict[str, object]:
    """What the platform had before the row was claimed, and has still."""
    return {name: getattr(row, name) for name in SENT}


def _release(row: PendingScore, **values: object) -> None:
    """End the lease. If the grade changed meanwhile, the row stays due, when ``intake`` said."""
    ended = {"lease": "", "leased_until": None, **values}
    if not _held(row).filter(revision=row.revision).update(due_at=None, **ended):
        _held(row).update(**{**ended, "parked": ""})


def _term() -> timedelta:
    """How long a lease is good without being renewed."""
    return timedelta(seconds=conf.lease)


def _held(row: PendingScore) -> QuerySet[PendingScore]:
    """The row, as long as its lease is ours."""
    return PendingScore.objects.filter(pk=row.pk, lease=row.lease)


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)
