"""Sends again what platforms accepted and no longer show: a person was removed from a course there and came back, or
somebody emptied a column. If a platform shows another grade, nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence

from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outcomes
from lti_1p3_provider.scores.outbox.claim import CHUNK
from lti_1p3_provider.scores.outbox.wake import nudge


def send_again(lost: Sequence[int]) -> int:
    """Make the rows in ``Reconciliation.lost`` due; return how many.

    Each row is checked once more, under its lock. Rows that became due meanwhile, or were sent or read since, are left
    alone. So if several people find the same loss, it is sent once.
    """
    still_lost = PendingScore.objects.sent().lost()
    parts = (lost[start : start + CHUNK] for start in range(0, len(lost), CHUNK))
    number = sum(outcomes.send_anew(still_lost.filter(pk__in=part)) for part in parts)
    if number:
        nudge(0)
    return number
