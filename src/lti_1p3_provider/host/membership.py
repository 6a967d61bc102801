"""Who takes part in a course of the LMS."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from django.contrib.auth.models import AbstractUser
from opaque_keys.edx.keys import CourseKey


class Membership(Protocol):
    """Enrolments, many at a time."""

    def enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Return which of these accounts (primary keys, some hundreds at most) are enrolled in a course now. One
        query."""

    def ever_enrolled(self, user_ids: Collection[int], course_key: CourseKey) -> frozenset[int]:
        """Return the same, including those who left or were removed. One query."""

    def unenrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> bool:
        """Take the account out of a course if it is enrolled in exactly this mode; return whether it was. Its work
        there stays. Runs in the caller's transaction.

        Raises:
            ContentNotAccessible: the LMS lets nobody leave.
        """
