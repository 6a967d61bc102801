"""Sends one score: is there something to send, where to, and what did the platform answer?"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti import ags
from lti_1p3_provider.lti.ags import Score
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.platforms import Preset, preset
from lti_1p3_provider.scores.gradebook import ensure
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import retry
from lti_1p3_provider.scores.outbox.retry import Decision
from lti_1p3_provider.scores.reasons import Reason, Why


def score(row: PendingScore, grade: Grade | None) -> Exchange[Decision]:
    """Send the grade of a claimed row, if the platform does not have it already; decide what comes next.

    Raises:
        LtiError: the platform could not be asked, or there is no column.
    """
    item = row.line_item
    if grade is None:
        return Decision(Why(Reason.NO_GRADE))  # hidden, reset or never attempted; the platform keeps what it has
    if not item.can_receive:
        return Decision(Why(Reason.NO_COLUMN))
    if (row.sent_given, row.sent_maximum) == (grade.earned, grade.possible):
        return Decision(Why(Reason.UNCHANGED))
    column = yield from ensure.line_item(row, grade)
    deployment = item.deployment
    traits = preset(deployment.registration.platform)
    at = row.last_timestamp or timezone.now()  # the former, since the row is claimed
    answer = yield from ags.post_score(deployment, column, _message(row, grade, at, traits))
    if answer.status in ensure.GONE:
        another = yield from ensure.instead_of(column, row, grade)
        if another is not None:
            answer = yield from ags.post_score(deployment, another, _message(row, grade, at, traits))
    return retry.of_answer(answer, traits, row.attempts, timezone.now())


def _message(row: PendingScore, grade: Grade, at: datetime, traits: Preset) -> Score:
    """Points are sent as they are: more than the maximum is extra credit.

    The learner's work was done when the grade changed, however long the score waited, so nobody is late by that.
    """
    done = min(row.changed_at, at) if row.changed_at else None
    return Score(
        user_id=row.platform_user.sub,
        given=max(grade.earned, 0.0),
        maximum=grade.possible,
        at=at,
        submitted_at=done,
        extensions=traits.resubmission if row.deliveries else {},
    )
