"""Hands out what is due, to one worker at a time.

A lease is taken by a conditional UPDATE, so it is correct on MySQL, PostgreSQL and SQLite and no lock or transaction is
open while a platform is called. A worker that dies loses its lease after a while, and the row is due again.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.scores.models import PendingScore

LEASE = timedelta(minutes=5)
BATCH = 50


def claim_due(limit: int = BATCH) -> list[PendingScore]:
    """Take up to ``limit`` due rows that no other worker has; each comes with what delivery needs of it.

    Rows are taken one by one, so that a worker never holds one row's lock while it waits for another's: a learner's
    request may be holding that.
    """
    now = timezone.now()
    due = PendingScore.objects.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now), due_at__lte=now)
    sendable = _open(due).exclude(line_item__url="")
    lease = {"lease": uuid.uuid4().hex, "leased_until": now + LEASE}
    chosen = list(sendable.order_by("due_at").values_list("pk", flat=True)[:limit])
    taken = [pk for pk in chosen if due.filter(pk=pk).update(**lease)]
    rows = PendingScore.objects.filter(pk__in=taken, lease=lease["lease"]).select_related(
        "platform_user", "line_item__resource_link__deployment__registration"
    )
    return list(rows.order_by("due_at"))


def delivered(row: PendingScore, given: float, maximum: float, answer: str) -> None:
    """The platform took the score of the claimed revision; a newer one stays due."""
    settled(row, answer, sent_given=given, sent_maximum=maximum, sent_at=timezone.now())


def settled(row: PendingScore, answer: str, **values: object) -> None:
    """The claimed revision needs nothing more; a newer one stays due."""
    _release(row, delivered_revision=row.revision, attempts=0, parked="", last_answer=answer[:255], **values)


def again(row: PendingScore, at: datetime, answer: str) -> None:
    """Try later."""
    _held(row).update(due_at=at, attempts=F("attempts") + 1, last_answer=answer[:255], lease="", leased_until=None)


def parked(row: PendingScore, reason: str, answer: str) -> None:
    """Give up until the grade changes again or an operator resends."""
    _release(row, parked=reason, attempts=F("attempts") + 1, last_answer=answer[:255])


def send_anew(rows: QuerySet[PendingScore]) -> int:
    """Make rows due whatever was sent before; return how many."""
    return rows.update(
        revision=F("revision") + 1, due_at=timezone.now(), parked="", attempts=0, sent_given=None, sent_maximum=None
    )


def stamp(row: PendingScore, at: datetime) -> bool:
    """Prepare for sending: from here on we cannot know what the platform has, until it answers.

    ``at`` is the timestamp that is about to be sent; no later one may be equal or older. Renews the lease. False:
    nothing may be sent, because another worker has taken the row or an operator switched the platform off.
    """
    unknown = {"sent_given": None, "sent_maximum": None, "sent_at": None}
    if not _open(_held(row)).exists():
        return False
    return bool(_held(row).update(last_timestamp=at, leased_until=timezone.now() + LEASE, **unknown))


def _release(row: PendingScore, **values: object) -> None:
    """End the lease. If the grade changed meanwhile, the row stays due, when ``intake`` said."""
    ended = {"lease": "", "leased_until": None, **values}
    if not _held(row).filter(revision=row.revision).update(due_at=None, **ended):
        _held(row).update(**{**ended, "parked": ""})


def _open(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """The rows whose platform is not switched off."""
    return rows.filter(
        line_item__resource_link__deployment__status=Deployment.Status.APPROVED,
        line_item__resource_link__deployment__registration__enabled=True,
    )


def _held(row: PendingScore) -> QuerySet[PendingScore]:
    """The row, as long as its lease is ours."""
    return PendingScore.objects.filter(pk=row.pk, lease=row.lease)
