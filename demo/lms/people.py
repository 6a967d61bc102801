"""What the stand-in LMS knows of people besides their sessions: accounts, staff, names, and what is emptied.

What each launch asks is written once, as in the host of the LMS: a benchmark is to see our queries, not Django writing
the stand-in's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group
from django.db.models import QuerySet
from opaque_keys.edx.keys import CourseKey

from demo.lms.models import Profile
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.database.storable import keeps, reduce
from lti_1p3_provider.host import last_login
from lti_1p3_provider.host.port import StaffRole

TEAM = "staff of {}"  # name of a course team's group
LIMITED = "limited staff of {}"
BETA = "beta testers of {}"
ORGANIZATION = "staff of all courses of {}"


@prepared
def _profile(user: int) -> QuerySet[Profile]:
    return Profile.objects.filter(user_id=user)


@prepared
def _groups(user: int) -> QuerySet[Group, str]:
    return Group.objects.filter(user=user).values_list("name", flat=True)


class DemoPeople:
    """Part of the host's identity."""

    def create_user(self, username: str, email: str | None, name: str, *, signs_in: bool = False) -> AbstractUser:
        """Create an account; an email that somebody has already is not used again."""
        address = email if email and _is_free(email) else f"{username}@{conf.email_domain}"
        user = get_user_model()(username=username, email=address)
        user.set_unusable_password()
        if signs_in:
            last_login.write_ahead(user)
        user.save()
        Profile.objects.create(user=user, name=reduce(name, Profile)[:255])
        return user

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Write what changed."""
        if name := reduce(name, Profile)[:255]:
            Profile.objects.filter(user_id=user.pk).exclude(name=name).update(name=name)
        if email and user.email != email and _is_free(email):
            user.email = email
            user.save(update_fields=["email"])

    def is_course_staff(self, user: AbstractUser, course_key: CourseKey) -> bool:
        """Everybody of the site's staff, and the members of groups that are named after the course."""
        return user.is_active and (user.is_staff or _is_in(user, course_key, TEAM, LIMITED))

    def staff_roles(self, user: AbstractUser) -> frozenset[StaffRole]:
        """Read the groups of teams; one query."""
        found = {StaffRole("site")} if user.is_staff or user.is_superuser else set()
        for name in _groups(user.pk):
            if name.startswith(limited := LIMITED.format("")):
                found.add(StaffRole("limited_staff", course=name.removeprefix(limited)))
            if not name.startswith(TEAM.format("")):
                continue
            org = name.removeprefix(ORGANIZATION.format("")) if name.startswith(ORGANIZATION.format("")) else ""
            found.add(StaffRole("staff", org=org, course="" if org else name.removeprefix(TEAM.format(""))))
        return frozenset(found)

    def names(self, user_ids: Iterable[int]) -> Mapping[int, str]:
        """Read profiles."""
        rows = Profile.objects.filter(user_id__in=list(user_ids)).exclude(name="")
        return dict(rows.values_list("user_id", "name"))

    def erase(self, user: AbstractUser) -> None:
        """Empty the profile and switch the account off."""
        Profile.objects.filter(user_id=user.pk).update(name="", meta="")
        user.email, user.first_name, user.last_name = f"{user.get_username()}@{conf.email_domain}", "", ""
        user.is_active = False
        user.set_unusable_password()
        user.save()


def profile_of(user_id: int) -> Profile | None:
    """Return somebody's profile as it is now."""
    return _profile.one(user_id)


def sees_early(user: AbstractUser, course_key: CourseKey) -> bool:
    """Tell whether somebody sees what of a course has not started."""
    return _is_in(user, course_key, TEAM, LIMITED, BETA)


def _is_in(user: AbstractUser, course_key: CourseKey, *groups: str) -> bool:
    return user.groups.filter(name__in=[name.format(course_key) for name in groups]).exists()


def _is_free(email: str) -> bool:
    return keeps(email, user := get_user_model()) and not user.objects.filter(email__iexact=email).exists()
