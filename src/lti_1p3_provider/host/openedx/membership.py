"""Enrolments of the LMS."""

from __future__ import annotations

from collections.abc import Collection

from opaque_keys.edx.keys import CourseKey


class OpenEdxMembership:
    """Reads the LMS's own table, in which whoever left stays, inactive."""

    def enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Ask for active enrolments."""
        from common.djangoapps.student.models import CourseEnrollment

        rows = CourseEnrollment.objects.filter(course_id=course_key, is_active=True, user_id__in=user_ids)
        return frozenset(rows.order_by().values_list("user_id", flat=True))
