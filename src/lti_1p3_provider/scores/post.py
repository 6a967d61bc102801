"""Sends one score: is there something to send, where to, and what did the platform make of it."""

from __future__ import annotations

from django.utils import timezone

from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti import ags
from lti_1p3_provider.lti.ags import Column, Score
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.scores import retry
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.retry import Decision


def score(row: PendingScore, grade: Grade | None) -> Exchange[Decision]:
    """Send the grade of a claimed row, if the platform does not have it already; decide what comes next.

    Raises:
        LtiError: the platform could not be asked.
    """
    item = row.line_item
    if grade is None:
        return Decision("no grade: hidden, reset or never attempted; the platform keeps what it has")
    if not item.url or ags.SCORE_SCOPE not in item.scopes:
        return Decision("the platform offers no column for this link")
    if (row.sent_given, row.sent_maximum) == (grade.earned, grade.possible):
        return Decision("unchanged")
    deployment = item.resource_link.deployment
    traits = preset(deployment.registration.platform)
    at = row.last_timestamp or timezone.now()  # the former, since the row is claimed
    message = Score(row.platform_user.sub, grade.earned, grade.possible, at)
    answer = yield from ags.post_score(deployment, Column(item.url, frozenset(item.scopes)), message)
    return retry.of_answer(answer, traits, row.attempts, timezone.now())
