"""Assignment and Grade Services: sends a score to a line item. (AGS 2.0, 3.4)"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from lti_1p3_provider.errors import AddressForbidden
from lti_1p3_provider.lti import access_tokens, transport
from lti_1p3_provider.lti.transport import Answer
from lti_1p3_provider.registrations.addresses import is_within, origin
from lti_1p3_provider.registrations.models import Deployment

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"


class ActivityProgress(StrEnum):
    """How far the learner is. (3.4.6)"""

    INITIALIZED = "Initialized"
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    SUBMITTED = "Submitted"
    COMPLETED = "Completed"


class GradingProgress(StrEnum):
    """How far the grading is. (3.4.7)"""

    FULLY_GRADED = "FullyGraded"
    PENDING = "Pending"
    PENDING_MANUAL = "PendingManual"
    FAILED = "Failed"
    NOT_READY = "NotReady"


@dataclass(frozen=True, slots=True)
class Score:
    """One learner's score. ``at`` has a zone; ``given`` ≥ 0 and ``maximum`` > 0 are points."""

    user_id: str
    given: float
    maximum: float
    at: datetime
    activity: ActivityProgress = ActivityProgress.COMPLETED
    grading: GradingProgress = GradingProgress.FULLY_GRADED

    def as_json(self) -> dict[str, object]:
        """Return the message body."""
        return {
            "userId": self.user_id,
            "timestamp": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "activityProgress": self.activity.value,
            "gradingProgress": self.grading.value,
            "scoreGiven": _plain(self.given),
            "scoreMaximum": _plain(self.maximum),
        }


def post_score(deployment: Deployment, line_item_url: str, score: Score) -> Answer:
    """Send a score; a 401 or 403 gets one new access token and one more try. Any other status is the answer.

    Open edX answers 403 where the specification has 401, so both may mean an access token that ended early.

    Raises:
        AddressForbidden: the line item is not on the platform's own hosts, so it gets no token.
        AccessTokenRefused, PlatformUnreachable, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    if not is_within(line_item_url, deployment.registration.origins):
        raise AddressForbidden(f"{origin(line_item_url)} is not a host of this platform: add it to its other hosts")
    body = json.dumps(score.as_json()).encode()
    answer = _post(deployment, line_item_url, body, fresh=False)
    return _post(deployment, line_item_url, body, fresh=True) if answer.status in (401, 403) else answer


def scores_url(line_item_url: str) -> str:
    """Return where scores of a line item go: ``/scores`` ends the path, before any query."""
    parts = urlsplit(line_item_url)
    return parts._replace(path=parts.path.rstrip("/") + "/scores", fragment="").geturl()


def _post(deployment: Deployment, line_item_url: str, body: bytes, *, fresh: bool) -> Answer:
    token = access_tokens.access_token(deployment, [SCORE_SCOPE], fresh=fresh)
    return transport.send(
        "POST",
        scores_url(line_item_url),
        headers={"Authorization": f"Bearer {token}", "Content-Type": SCORE_TYPE, "Accept": "*/*"},
        body=body,
    )


def _plain(number: float) -> float | int:
    """Whole points as integers: some platforms read nothing else."""
    return int(number) if float(number).is_integer() else number
