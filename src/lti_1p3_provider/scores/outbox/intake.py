"""Notes that a grade changed, inside the learner's own request. It must be quick and must never harm that request."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.prepared import Update, prepared, prepared_update
from lti_1p3_provider.host.port import GradeChanged
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import moving
from lti_1p3_provider.scores.outbox.wake import note_later, nudge

MAX_WAIT = timedelta(hours=25)  # longer than any retry
MAX_ROWS = 1000  # of one learner in one course

log = logging.getLogger(__name__)


@prepared
def _of_learner(user: int, course: str) -> QuerySet[PendingScore]:
    rows = PendingScore.objects.select_related("line_item")
    return rows.filter(platform_user__user_id=user, course_key=course)[:MAX_ROWS]


@prepared_update
def _make_due(
    rows: list[int],
    same: list[int],
    now: datetime,
    soon: datetime,
    later: datetime,
    never: datetime,
    changed: datetime,
    earned: float | None,
    possible: float | None,
) -> Update:
    """Make rows due. Rows for the ``same`` block are due ``soon``, with its points if these can be sent as they are;
    rows for blocks above it ``later``, when their window closes.

    The first change opens the window; later changes do not postpone its end, unless the score is being sent right now.
    A row that was given up starts afresh, and so does one that a wrong clock made due in the far future.
    """
    at = Case(When(pk__in=same, then=Value(soon)), default=Value(later))
    stray = Q(leased_until__gt=now) | Q(due_at__gt=never)
    points = {"earned": earned, "possible": possible}
    of_same = {name: Case(When(pk__in=same, then=Value(value)), default=None) for name, value in points.items()}
    return PendingScore.objects.filter(pk__in=rows), {
        "revision": F("revision") + 1,
        "due_at": Case(When(stray, then=at), default=Coalesce("due_at", at)),
        "attempts": Case(When(given_up=False, then=F("attempts")), default=Value(0)),
        "given_up": False,
        "changed_at": Coalesce(Greatest("changed_at", Value(changed)), Value(changed)),  # this may be noted late
        **(points if earned is None else of_same),
    }


def grade_changed(change: GradeChanged) -> None:
    """Mark the scores of the block, and of each linked block above it, as due.

    An error here does not reach the LMS: the learner's answer is worth more than our row, and a worker notes the change
    later. The exception is an error that loses the answer itself: a deadlock or a broken connection undoes the whole
    transaction, and the LMS must not go on as if the answer were stored. A learner who never came through a platform
    costs one query.
    """
    if not conf.enabled:
        return
    try:
        note(change)
    except Exception:  # whatever it is, the learner's request goes on
        log.exception("LTI score intake failed for user %s, block %s", change.user_id, change.usage_key)
        if connection.in_atomic_block and connection.needs_rollback:
            raise
        note_later(change)


def note(change: GradeChanged) -> None:
    """Do the work of ``grade_changed``, and raise whatever goes wrong."""
    with _harmless_reading():
        found = _of_learner(change.user_id, str(change.course_key))
        same = [row for row in found if row.usage_key == str(change.usage_key)]
        above = _above([row for row in found if row not in same], change)
    if waiting := [row for row in (*same, *above) if row.line_item.is_awaited]:
        _wait(waiting)
    same, above = ([row for row in rows if not row.line_item.is_awaited] for rows in (same, above))
    if same or above:
        _mark(same, above, change)


def _wait(rows: list[PendingScore]) -> None:
    """Leave rows without a column as they are, but for points that were kept of the person's account of before."""
    pks = [row.pk for row in rows]
    if any(row.known_grade for row in rows):
        PendingScore.objects.filter(pk__in=pks).update(earned=None, possible=None)
    transaction.on_commit(partial(moving.catch_up, pks), robust=True)


def _harmless_reading() -> AbstractContextManager[object]:
    """PostgreSQL aborts a transaction at any error unless there is a savepoint; others do not if a SELECT fails."""
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def _above(rows: list[PendingScore], change: GradeChanged) -> list[PendingScore]:
    """Return the rows that are for a block above the changed one."""
    if not rows:
        return []
    names = {str(key) for key in outline.above(change.course_key, change.usage_key)}
    return [row for row in rows if row.usage_key in names]


def _mark(same: list[PendingScore], above: list[PendingScore], change: GradeChanged) -> None:
    """Write all rows with one statement: this is a learner's request."""
    now = timezone.now()
    delay = conf.aggregate_delay if change.aggregate else 0.0
    pks, has_points = [row.pk for row in same], change.exact and bool(same)
    with transaction.atomic() if connection.in_atomic_block else nullcontext():  # else one statement is one transaction
        _make_due(
            rows=[*pks, *(row.pk for row in above)],
            same=pks,
            now=now,
            soon=now + timedelta(seconds=delay),
            later=now + timedelta(seconds=conf.aggregate_delay),
            never=now + MAX_WAIT,
            changed=change.at,
            earned=change.earned if has_points else None,
            possible=change.possible if has_points else None,
        )
    for rows, wait in ((same, delay), (above, conf.aggregate_delay)):
        if not all(_has_nudge(row, now) for row in rows):
            nudge(wait)


def _has_nudge(row: PendingScore, now: datetime) -> bool:
    """Tell whether the row was already due at a later time: then a nudge is on its way."""
    return row.due_at is not None and not row.lease and now < row.due_at < now + MAX_WAIT
