"""Roles in single courses of the stand-in LMS: groups, as its course teams are."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser, Group
from opaque_keys.edx.keys import CourseKey

from demo.lms.people import BETA, LIMITED, TEAM
from lti_1p3_provider.host.course_roles import RoleName

NAMES = {RoleName.STAFF: TEAM, RoleName.LIMITED_STAFF: LIMITED, RoleName.BETA_TESTER: BETA}


class DemoCourseRoles:
    """A group for each role and course."""

    def has(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> bool:
        """Look at the account's groups."""
        return user.groups.filter(name=NAMES[role].format(course_key)).exists()

    def give(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> None:
        """Put the account in the group, which is made with its first member."""
        if user.is_active:
            user.groups.add(Group.objects.get_or_create(name=NAMES[role].format(course_key))[0])

    def take(self, user: AbstractUser, course_key: CourseKey, role: RoleName) -> None:
        """Take the account out of the group."""
        if (group := Group.objects.filter(name=NAMES[role].format(course_key)).first()) is not None:
            user.groups.remove(group)
