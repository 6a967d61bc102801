"""Reads from the LMS the current grades for some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.scores.models import PendingScore


def fresh(rows: Sequence[PendingScore]) -> Mapping[int, Grade | None]:
    """Return the current grades for some rows of one learner in one course, by the rows' primary keys. They are read at
    once.

    Raises:
        Exception: whatever the LMS raises, or a key that cannot be read.
    """
    first = rows[0]
    course_key = CourseKey.from_string(first.course_key)
    keys = {row.pk: UsageKey.from_string(row.usage_key).map_into_course(course_key) for row in rows}
    found = host.current().grades.read(first.platform_user.user_id, course_key, set(keys.values()))
    return {pk: found.get(key) for pk, key in keys.items()}
