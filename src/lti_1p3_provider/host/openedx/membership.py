"""Enrolments of the LMS."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AbstractUser
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.errors import ContentNotAccessible


class OpenEdxMembership:
    """Reads the LMS's own table, in which people who left stay, as inactive."""

    def enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Ask for active enrolments."""
        from common.djangoapps.student.models import CourseEnrollment

        rows = CourseEnrollment.objects.filter(course_id=course_key, is_active=True, user_id__in=user_ids)
        return frozenset(rows.order_by().values_list("user_id", flat=True))

    def ever_enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Ask for all rows."""
        from common.djangoapps.student.models import CourseEnrollment

        rows = CourseEnrollment.objects.filter(course_id=course_key, user_id__in=user_ids)
        return frozenset(rows.order_by().values_list("user_id", flat=True))

    def unenrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> bool:
        """Unenrol as the LMS does, so that its events and filters happen. Somebody who paid has another mode by
        then."""
        from common.djangoapps.student.models import CourseEnrollment

        rows = CourseEnrollment.objects.filter(user=user, course_id=course_key, is_active=True, mode=mode)
        if not rows.exists():
            return False
        try:
            CourseEnrollment.unenroll(user, course_key, skip_refund=True)
        except Exception as error:  # its class has moved between releases
            if type(error).__name__ != "UnenrollmentNotAllowed":
                raise
            raise ContentNotAccessible("the LMS lets nobody leave this course") from error
        return True
