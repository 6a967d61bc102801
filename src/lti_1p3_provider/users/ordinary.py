"""No launch signs in to an account of staff: a platform would read what staff see, of other platforms' people too.

Roles that launches of the same registration gave are no obstacle: they are that platform's own doing.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser

from lti_1p3_provider import host
from lti_1p3_provider.errors import AccountPrivileged
from lti_1p3_provider.users import given
from lti_1p3_provider.users.models import CourseRole


def require(user: AbstractUser, registration_pk: int | None = None) -> tuple[CourseRole, ...] | None:
    """Return if the account is staff of nothing but what launches of this registration gave it. Returns all that
    launches gave it, or None if there was no need to look.

    Costs one query at most. The decision about access to content asks the same, and the LMS remembers the answer. It is
    one query more for an account that is staff of anything.

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
