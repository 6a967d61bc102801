"""Who takes part in a course of the LMS."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from opaque_keys.edx.keys import CourseKey


class Membership(Protocol):
    """Enrolments, many at a time."""

    def enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Return which of these accounts (primary keys; some hundreds at most) are enrolled in a course now. Whoever
        was and is not any more is not among them. One query."""
