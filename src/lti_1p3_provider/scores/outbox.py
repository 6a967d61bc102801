"""Hands out what is due, to one worker at a time.

A lease is taken by a conditional UPDATE, so it is correct on MySQL, PostgreSQL and SQLite, and no lock or transaction
is open while a platform is called. A worker that dies loses its lease after a while, and the row is due again. Nothing
here waits for a row while it holds another: a learner's request may hold it, and must not end in a deadlock.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores import lanes
from lti_1p3_provider.scores.models import PendingScore

CHUNK = 500
MOST_LANES = 8  # of one platform at a time
NEEDED = ("platform_user", "line_item__resource_link__deployment__registration")


def due_registrations() -> list[int]:
    """Return the registrations that are on and have something due."""
    due = PendingScore.objects.filter(due_at__lte=timezone.now()).order_by().values_list("registration_id", flat=True)
    on = set(Registration.objects.filter(enabled=True).values_list("pk", flat=True))
    return [pk for pk in due.distinct() if pk in on]


def claim(registration_pk: int, limit: int) -> list[PendingScore]:
    """Take up to ``limit`` due rows of a registration, in lanes that nobody else sends in; oldest first.

    Each row comes with what delivery needs of it. Give the lanes back with ``release_lanes``.
    """
    now = timezone.now()
    due = PendingScore.objects.filter(_free(now), registration_id=registration_pk, due_at__lte=now)
    open_due = due.exclude(lane_id__in=lanes.closed(registration_pk, now)).order_by("due_at")
    chosen = list(open_due.values_list("pk", "lane_id")[:limit])
    wanted = list(dict.fromkeys(lane for _, lane in chosen))[:MOST_LANES]
    if not wanted:
        return []
    lease, until = uuid.uuid4().hex, now + _term()
    mine = lanes.take(wanted, lease, now, until)
    taken = _take(due, [pk for pk, lane in chosen if lane in mine], lease, until)
    rows = list(PendingScore.objects.filter(pk__in=taken).select_related(*NEEDED).order_by("due_at"))
    lanes.release(mine - {row.lane_id for row in rows}, lease)
    return rows


def _take(due: QuerySet[PendingScore], pks: list[int], lease: str, until: datetime) -> list[int]:
    if not connection.features.has_select_for_update_skip_locked:
        return [pk for pk in pks if due.filter(pk=pk).update(lease=lease, leased_until=until)]
    with transaction.atomic():
        locked = due.filter(pk__in=pks).select_for_update(skip_locked=True)
        taken = list(locked.values_list("pk", flat=True))
        PendingScore.objects.filter(pk__in=taken).update(lease=lease, leased_until=until)
    return taken


def release_lanes(rows: Iterable[PendingScore]) -> None:
    """Let other workers into the lanes of claimed rows."""
    by_lease: dict[str, set[int]] = {}
    for row in rows:
        by_lease.setdefault(row.lease, set()).add(row.lane_id)
    for lease, taken in by_lease.items():
        lanes.release(taken, lease)


def renew(rows: Collection[PendingScore]) -> None:
    """Keep claimed rows and their lanes for longer; rows that somebody else has by now are left alone."""
    until = timezone.now() + _term()
    for row in rows:
        _held(row).update(leased_until=until)
        lanes.renew([row.lane_id], row.lease, until)


def put_back(row: PendingScore) -> None:
    """Give a claimed row back unsent; it stays due when it was."""
    _held(row).update(lease="", leased_until=None)


def delivered(row: PendingScore, given: float, maximum: float, answer: str) -> None:
    """The platform took the score of the claimed revision; a newer one stays due."""
    sent = {"sent_given": given, "sent_maximum": maximum, "sent_at": timezone.now(), "deliveries": row.deliveries + 1}
    settled(row, answer, **sent)


def settled(row: PendingScore, answer: str, **values: object) -> None:
    """The claimed revision needs nothing more; a newer one stays due."""
    _release(row, delivered_revision=row.revision, attempts=0, parked="", last_answer=answer[:255], **values)


def again(row: PendingScore, at: datetime, answer: str) -> None:
    """Try later."""
    _held(row).update(due_at=at, attempts=F("attempts") + 1, last_answer=answer[:255], lease="", leased_until=None)


def parked(row: PendingScore, reason: str, answer: str) -> None:
    """Give up until the grade changes again, the registration is mended or somebody resends."""
    _release(row, parked=reason, attempts=F("attempts") + 1, last_answer=answer[:255])


def send_anew(rows: QuerySet[PendingScore]) -> int:
    """Make rows due whatever was sent before; return how many. Their grades are read again."""
    anew = {"due_at": timezone.now(), "parked": "", "attempts": 0, "sent_given": None, "sent_maximum": None}
    return change_free(rows, revision=F("revision") + 1, earned=None, possible=None, **anew)


def change_free(rows: QuerySet[PendingScore], **values: object) -> int:
    """Update many rows, some at a time; return how many.

    Where the database can, rows that a transaction holds right now are left out instead of being waited for: that one
    makes them due itself.
    """
    skip = connection.features.has_select_for_update_skip_locked
    changed, last = 0, 0
    while True:
        with transaction.atomic():
            some = rows.filter(pk__gt=last).order_by("pk").select_for_update(skip_locked=skip)
            pks = list(some.values_list("pk", flat=True)[:CHUNK])
            if not pks:
                return changed
            changed += PendingScore.objects.filter(pk__in=pks).update(**values)
            last = pks[-1]


def stamp(row: PendingScore, at: datetime) -> bool:
    """Prepare for sending: from here on we cannot know what the platform has, until it answers.

    ``at`` is the timestamp that is about to be sent; no later one may be equal or older. Renews the lease. False:
    nothing may be sent, because another worker has taken the row or an operator switched the platform off.
    """
    unknown = {"sent_given": None, "sent_maximum": None, "sent_at": None}
    if not _open(_held(row)).exists():
        return False
    return bool(_held(row).update(last_timestamp=at, leased_until=timezone.now() + _term(), **unknown))


def _release(row: PendingScore, **values: object) -> None:
    """End the lease. If the grade changed meanwhile, the row stays due, when ``intake`` said."""
    ended = {"lease": "", "leased_until": None, **values}
    if not _held(row).filter(revision=row.revision).update(due_at=None, **ended):
        _held(row).update(**{**ended, "parked": ""})


def _term() -> timedelta:
    """How long a lease is good without being renewed."""
    return timedelta(seconds=conf.lease)


def _open(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """The rows whose platform is not switched off."""
    return rows.filter(registration__enabled=True, lane__deployment__status=Deployment.Status.APPROVED)


def _held(row: PendingScore) -> QuerySet[PendingScore]:
    """The row, as long as its lease is ours."""
    return PendingScore.objects.filter(pk=row.pk, lease=row.lease)


def _free(now: datetime) -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lt=now)
