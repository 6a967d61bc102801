"""Enrolments of the stand-in LMS."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AbstractUser
from opaque_keys.edx.keys import CourseKey

from demo.lms.models import Enrolment


class DemoMembership:
    """Reads its table."""

    def enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Look for the accounts."""
        rows = Enrolment.objects.filter(course_key=str(course_key), user_id__in=user_ids, active=True)
        return frozenset(rows.values_list("user_id", flat=True))

    def ever_enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Look for the accounts, also of those who left."""
        rows = Enrolment.objects.filter(course_key=str(course_key), user_id__in=user_ids)
        return frozenset(rows.values_list("user_id", flat=True))

    def unenrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> bool:
        """Keep the row."""
        rows = Enrolment.objects.filter(user_id=user.pk, course_key=str(course_key), mode=mode, active=True)
        return bool(rows.update(active=False))


def is_enrolled(user: AbstractUser, course_key: CourseKey) -> bool:
    """Tell whether somebody takes part in a course."""
    return Enrolment.objects.filter(user_id=user.pk, course_key=str(course_key), active=True).exists()
