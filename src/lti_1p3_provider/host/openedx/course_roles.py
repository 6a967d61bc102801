"""Roles in courses of the LMS, through its own classes: they write wherever its release keeps roles, and the LMS's
history of roles listens to them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractUser
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.host.course_roles import RoleName


class OpenEdxCourseRoles:
    """The roles that the page of the course's team on the instructor dashboard gives and takes."""

    def has(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> bool:
        """Ask for the people who have the role: ``has_user`` says yes for roles that include it, too."""
        return bool(_role(course_key, role).users_with_role().filter(pk=user.pk).exists())

    def give(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> None:
        """Add the account to the role."""
        _role(course_key, role).add_users(user)
        _forget_kept()

    def take(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> None:
        """Remove the account from the role."""
        _role(course_key, role).remove_users(user)
        _forget_kept()


def _role(course_key: CourseKey, role: RoleName) -> Any:
    from common.djangoapps.student import roles

    classes = {
        RoleName.STAFF: roles.CourseStaffRole,
        RoleName.LIMITED_STAFF: roles.CourseLimitedStaffRole,
        RoleName.BETA_TESTER: roles.CourseBetaTesterRole,
    }
    return classes[role](course_key)


def _forget_kept() -> None:
    """Clear the LMS's cache of the account's roles for this request; the one on the account's object it clears
    itself."""
    from edx_django_utils.cache import RequestCache

    RequestCache().clear()
