"""Assignment and Grade Services: scopes, and sending a score to a line item. (AGS 2.0, 3.1 and 3.4)"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lti_1p3_provider.lti import service
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.registrations.models import Deployment

LINE_ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
LINE_ITEM_READ_SCOPE = f"{LINE_ITEM_SCOPE}.readonly"
RESULT_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
READING = frozenset((LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE))
SCOPES = frozenset((LINE_ITEM_SCOPE, LINE_ITEM_READ_SCOPE, RESULT_SCOPE, SCORE_SCOPE))
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
class LineItemAddress:
    """Where scores go: a line item's address, and the scopes that the launch listed."""

    url: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """One learner's score. ``at`` has a zone; ``given`` ≥ 0 and ``maximum`` > 0 are points. ``submitted_at`` is when
    the learner's work was done, None if that is not known; ``extensions`` are further members of the message."""

    user_id: str
    given: float
    maximum: float
    at: datetime
    activity: ActivityProgress = ActivityProgress.COMPLETED
    grading: GradingProgress = GradingProgress.FULLY_GRADED
    submitted_at: datetime | None = None
    extensions: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the message body."""
        submission = {"submission": {"submittedAt": _instant(self.submitted_at)}} if self.submitted_at else {}
        return {
            **self.extensions,
            "userId": self.user_id,
            "timestamp": _instant(self.at),
            "activityProgress": self.activity.value,
            "gradingProgress": self.grading.value,
            "scoreGiven": plain(self.given),
            "scoreMaximum": plain(self.maximum),
            **submission,
        }


def post_score(deployment: Deployment, column: LineItemAddress, score: Score) -> Exchange[Answer]:
    """Send a score. The answer may have any status.

    Raises:
        AddressForbidden: the line item is not on the platform's own hosts, so it gets no token.
        AccessTokenRefused, PlatformUnreachable, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    headers = {"Content-Type": SCORE_TYPE, "Accept": SCORE_TYPE}
    body = json.dumps(score.as_json()).encode()
    request = Request("POST", scores_url(column.url), headers=headers, body=body, whole=False)
    return (yield from service.call_for_status(deployment, ours(column.scopes), request, SCORE_SCOPE))


def ours(scopes: Iterable[str]) -> frozenset[str]:
    """Return those of a launch's scopes that belong to this service. Its calls share an access token for these.
    (3.1)"""
    return SCOPES & frozenset(scopes)


def reading(scopes: Collection[str]) -> str:
    """Return the scope for reading columns: the smallest that we have."""
    return LINE_ITEM_READ_SCOPE if LINE_ITEM_READ_SCOPE in scopes else LINE_ITEM_SCOPE


def scores_url(line_item_url: str) -> str:
    """Return where scores of a line item go: ``/scores`` ends the path, before any query."""
    return service.below(line_item_url, "scores")


def plain(number: float) -> float | int:
    """Return whole points as integers: some platforms read nothing else."""
    return int(number) if float(number).is_integer() else number


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
