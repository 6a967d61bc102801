"""Roles in single courses that a host can give and take: never one of an organization or of the site."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from django.contrib.auth.models import AbstractUser
from opaque_keys.edx.keys import CourseKey


class RoleName(StrEnum):
    """The LMS's own names, from the role that may do most to the one that may do least."""

    STAFF = "staff"
    LIMITED_STAFF = "limited_staff"
    BETA_TESTER = "beta_testers"


class CourseRoles(Protocol):
    """Roles in single courses. Each runs in the caller's transaction."""

    def has(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> bool:
        """Tell whether the account has exactly this role in exactly this course, as the database has it now. A role
        that includes it, or one in all courses of an organization, does not count. One query."""

    def give(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> None:
        """Give the role; an account that has it keeps it. An account that is switched off gets nothing. Afterwards the
        LMS's own cache of the account's roles agrees with the database."""

    def take(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> None:
        """Take exactly this role; an account without it loses nothing."""
