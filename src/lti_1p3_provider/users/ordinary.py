"""No launch signs in to an account of staff: a platform would read what staff see, of other platforms' people too."""

from __future__ import annotations

from collections.abc import Set

from django.contrib.auth.models import AbstractUser

from lti_1p3_provider import host
from lti_1p3_provider.errors import AccountPrivileged
from lti_1p3_provider.host.port import StaffRole


def require(user: AbstractUser, granted: Set[StaffRole] = frozenset()) -> None:
    """Return if the account is staff of nothing but what launches ``granted``: no launch grants anything yet.

    Costs one query at most; what decides about access to content reads the same, and the LMS keeps it for that.

    Raises:
        AccountPrivileged: the site, an organization or a course made it staff.
    """
    if user.is_staff or user.is_superuser:
        raise AccountPrivileged(f"user {user.pk}")
    if host.current().identity.staff_roles(user) - granted:
        raise AccountPrivileged(f"user {user.pk}")
