"""No launch signs in to an account of staff: a platform would read what staff see, of other platforms' people too.

What launches of the same platform made of an account in a course is that platform's own doing, and no obstacle to it.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser

from lti_1p3_provider import host
from lti_1p3_provider.errors import AccountPrivileged
from lti_1p3_provider.users import given
from lti_1p3_provider.users.models import CourseRole


def require(user: AbstractUser, registration_pk: int | None = None) -> tuple[CourseRole, ...] | None:
    """Return if the account is staff of nothing but what launches of this registration gave it; and return all that
    launches gave it, None if there was no need to look.

    Costs one query at most, which what decides about access to content repeats and the LMS keeps for that; one more for
    an account that is staff of anything.

    Raises:
        AccountPrivileged: the site, an organization or somebody else made it staff, or another registration did.
    """
    if user.is_staff or user.is_superuser:
        raise AccountPrivileged(f"user {user.pk}")
    held = host.current().identity.staff_roles(user)
    if not held:
        return None
    rows = given.to(user.pk)
    own = {(row.role, row.course_key) for row in rows if _is_of(row, registration_pk)}
    if any((one.name, one.course) not in own for one in held):
        raise AccountPrivileged(f"user {user.pk}")
    return rows


def _is_of(row: CourseRole, registration_pk: int | None) -> bool:
    return row.deployment is not None and row.deployment.registration_id == registration_pk
