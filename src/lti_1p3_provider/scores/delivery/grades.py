"""Reads the grades that are due, once for each learner, and decides what a failure of our own code means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import groupby

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.scores.gradebook.grades import fresh
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import retry
from lti_1p3_provider.scores.outbox.retry import Decision

END = (GeneratorExit, KeyboardInterrupt, SystemExit, SoftTimeLimitExceeded)  # of the whole run; all else is one row's

log = logging.getLogger(__name__)

Grades = Mapping[int, Grade | Decision | None]


def failed(row: PendingScore, error: BaseException) -> Decision:
    """Decide about a row that caused an exception."""
    if not isinstance(error, LtiError):
        log.error("LTI scores: row %s failed: %s", row.pk, traced(error))
        error = LtiError(type(error).__name__)
    return retry.of_error(error, row.attempts, timezone.now())


def grades_of(rows: list[PendingScore]) -> Grades:
    """Return each row's grade; a decision where it cannot be read, None where the LMS has none to send."""
    found: dict[int, Grade | Decision | None] = {row.pk: known for row in rows if (known := row.known_grade)}
    unknown = sorted((row for row in rows if row.pk not in found), key=_learner_and_course)
    for _, group in groupby(unknown, key=_learner_and_course):
        found |= _read(list(group))
    return found


def _learner_and_course(row: PendingScore) -> tuple[int, str]:
    return row.platform_user.user_id, row.course_key


def _read(rows: list[PendingScore]) -> Grades:
    """One learner's due scores in one course share one reading of grades; if it fails, each is read alone."""
    try:
        return fresh(rows)
    except END:
        raise
    except BaseException as error:  # the LMS's own failure, or one row's
        if len(rows) == 1:
            return {rows[0].pk: failed(rows[0], error)}
        return {pk: grade for row in rows for pk, grade in _read([row]).items()}
