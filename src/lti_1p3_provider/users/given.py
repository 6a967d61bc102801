"""Reads which roles in courses launches gave to an account."""

from __future__ import annotations

from django.db.models import QuerySet
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.users.models import CourseRole


@prepared
def _given(user: int) -> QuerySet[CourseRole]:
    return CourseRole.objects.select_related("deployment__registration").filter(user_id=user)


def to(user_pk: int) -> tuple[CourseRole, ...]:
    """Return the rows of an account, with deployment and registration. One query."""
    return tuple(_given(user_pk))


def is_given(user_pk: int, course_key: CourseKey) -> bool:
    """Tell whether a launch gave the account any role in the course. One query."""
    return CourseRole.objects.filter(user_id=user_pk, course_digest=digest(str(course_key))).exists()
