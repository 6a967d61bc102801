"""Reads the grades that are due, each learner's once, and says what it means if something of our own fails."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from itertools import groupby

from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import retry
from lti_1p3_provider.scores.outbox.retry import Decision

END = (GeneratorExit, KeyboardInterrupt, SystemExit, SoftTimeLimitExceeded)  # of the whole run; all else is one row's

log = logging.getLogger(__name__)

Grades = Mapping[int, Grade | Decision | None]


def failed(row: PendingScore, error: BaseException) -> Decision:
    """Decide about a row of which something was raised."""
    if not isinstance(error, LtiError):
        log.error("LTI scores: row %s failed: %s", row.pk, traced(error))
        error = LtiError(type(error).__name__)
    return retry.of_error(error, row.attempts, timezone.now())


def grades_of(rows: list[PendingScore]) -> Grades:
    """Return each row's grade; a decision where it cannot be read, None where the LMS has none to send."""
    found: dict[int, Grade | Decision | None] = {}
    for row in rows:
        if row.earned is not None and row.possible:
            found[row.pk] = Grade(row.earned, row.possible)
    unknown = sorted((row for row in rows if row.pk not in found), key=_learner_and_course)
    for _, group in groupby(unknown, key=_learner_and_course):
        found |= _read(list(group))
    return found


def _learner_and_course(row: PendingScore) -> tuple[int, str]:
    return row.platform_user.user_id, row.course_key


def _read(rows: list[PendingScore]) -> Grades:
    """One learner's due scores in one course share one reading of grades; if it fails, each is read alone."""
    try:
        grades = _fresh(rows)
    except END:
        raise
    except BaseException as error:  # the LMS's own failure, or one row's
        if len(rows) == 1:
            return {rows[0].pk: failed(rows[0], error)}
        return {pk: grade for row in rows for pk, grade in _read([row]).items()}
    return {row.pk: grades.get(row.usage_key) for row in rows}


def _fresh(rows: Iterable[PendingScore]) -> Mapping[str, Grade]:
    """Return fresh grades by usage key."""
    first, *_rest = rows = list(rows)
    course_key = CourseKey.from_string(first.course_key)
    wanted = {UsageKey.from_string(row.usage_key).map_into_course(course_key) for row in rows}
    found = host.current().grades.read(first.platform_user.user_id, course_key, wanted)
    return {str(key): grade for key, grade in found.items()}
