"""Reads which course roles launches gave to an account."""

from __future__ import annotations

from django.db.models import QuerySet
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.users.models import CourseRole

STAFF = (RoleName.STAFF.value, RoleName.LIMITED_STAFF.value)


@prepared
def _given(user: int) -> QuerySet[CourseRole]:
    return CourseRole.objects.select_related("deployment__registration").filter(user_id=user)


def to(user_pk: int) -> tuple[CourseRole, ...]:
    """Return the rows of an account, with deployment and registration. One query."""
    return tuple(_given(user_pk))


def to_as_of_now(user_pk: int) -> tuple[CourseRole, ...]:
    """Return the same, without deployments, as it is now. (Without a lock, a transaction may go on reading what there
    was when it began.)"""
    return tuple(CourseRole.objects.select_for_update().filter(user_id=user_pk))


def made_staff(user_pk: int, course_key: CourseKey) -> bool:
    """Tell whether a launch made the account staff of the course. One query."""
    rows = CourseRole.objects.filter(user_id=user_pk, course_digest=digest(str(course_key)), role__in=STAFF)
    return rows.exists()
