"""Notes that a grade changed, inside the learner's own request. It must be quick and must never harm that request."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from opaque_keys.edx.keys import UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.host.port import GradeChanged
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.nudge import nudge

LONGEST_WAIT = timedelta(hours=25)  # longer than any retry

log = logging.getLogger(__name__)


def grade_changed(change: GradeChanged) -> None:
    """Mark the scores of the block, and of each linked block above it, as due.

    Nothing that goes wrong here reaches the LMS: the learner's answer is worth more than our row.
    """
    if not conf.enabled:
        return
    try:
        with transaction.atomic():
            _mark(change)
    except Exception:  # whatever it is, the learner's request goes on
        log.exception("LTI score intake failed for user %s, block %s", change.user_id, change.usage_key)


def _mark(change: GradeChanged) -> None:
    rows = list(
        PendingScore.objects.filter(platform_user__user_id=change.user_id, line_item__course_key=str(change.course_key))
        .exclude(line_item__url="")
        .values_list("pk", "line_item__usage_key", "due_at", "lease")
    )
    if not rows:
        return
    same = [pk for pk, usage_key, *_ in rows if usage_key == str(change.usage_key)]
    above = _within([(pk, usage_key) for pk, usage_key, *_ in rows if pk not in same], change)
    at_once, later = ([], same + above) if change.aggregate else (same, above)
    now = timezone.now()
    waiting = {pk for pk, _, due_at, lease in rows if due_at and not lease and now < due_at < now + LONGEST_WAIT}
    for chosen, delay in ((at_once, 0.0), (later, conf.aggregate_delay)):
        _make_due(PendingScore.objects.filter(pk__in=chosen), now, delay)
        if set(chosen) - waiting:  # a row that is due later has a nudge under way
            nudge(delay)


def _within(rows: list[tuple[int, str]], change: GradeChanged) -> list[int]:
    """Return the rows whose line item is for a block above the changed one."""
    if not rows:
        return []
    above: frozenset[UsageKey] = host.current().content.ancestors(change.course_key, change.usage_key)
    names = {str(key) for key in above}
    return [pk for pk, usage_key in rows if usage_key in names]


def _make_due(rows: QuerySet[PendingScore], now: datetime, delay: float) -> None:
    """The first change opens the window; later ones do not push it away, unless its score is being sent right now.

    A row that was given up starts afresh, and so does one that a wrong clock made due in the far future.
    """
    at = Value(now + timedelta(seconds=delay))
    stray = Q(leased_until__gt=now) | Q(due_at__gt=now + LONGEST_WAIT)
    rows.update(
        revision=F("revision") + 1,
        due_at=Case(When(stray, then=at), default=Coalesce("due_at", at)),
        attempts=Case(When(parked="", then=F("attempts")), default=Value(0)),
        parked="",
    )
