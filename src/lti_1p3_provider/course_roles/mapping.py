"""Decides what somebody's roles on the platform make of them here: nothing, unless the registration says so.

Only roles in the platform's course count. Assistants are looked for first, because Canvas calls them ``Instructor``
too. Mentors, members, administrators of any kind and test users get no role. (LTI 1.3 Core, A.2)
"""

from __future__ import annotations

from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.gates import policy
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.lti.claims import Message
from lti_1p3_provider.lti.roles import MEMBERSHIP, Roles
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import CourseRole

ASSISTANT = "TeachingAssistant"  # its variants, like TeachingAssistantSection, begin with it


@dataclass(frozen=True, slots=True)
class Due:
    """A role that is due, and the registration's field that gives it."""

    because: str
    role: RoleName


def due(registration: Registration, message: Message, course_key: CourseKey) -> Due | None:
    """Return the role that the launch's person is to have in the course.

    Nobody gets a role who has no name on the platform, or in a course that the registration may open only in part: a
    role is good for the whole course.
    """
    because = _because(message.roles)
    role = getattr(registration, because) if because and message.subject else ""
    return Due(because, RoleName(role)) if role and opens_whole(registration, course_key) else None


def is_due(row: CourseRole) -> bool:
    """Tell whether a role that was given would still be given, as far as that is known without a new launch. The row
    comes with deployment, registration and gate."""
    if row.deployment is None or not row.deployment.is_open:
        return False
    registration = row.deployment.registration
    same = getattr(registration, row.because, "") == row.role
    return same and opens_whole(registration, CourseKey.from_string(row.course_key))


def opens_whole(registration: Registration, course_key: CourseKey) -> bool:
    """Tell whether the registration may open all of a course."""
    return policy.opening_of(registration, course_key).types is None


def _because(roles: Roles) -> str:
    """Return the field that decides. An assistant to whom nothing is given does not get what instructors get."""
    if roles.is_test_user:
        return ""
    if _assists(roles):
        return "assistant_role"
    if "Instructor" in roles.context:
        return "instructor_role"
    return "designer_role" if "ContentDeveloper" in roles.context else ""


def _assists(roles: Roles) -> bool:
    named_so = ASSISTANT in roles.named or f"{MEMBERSHIP}{ASSISTANT}" in roles.named
    return named_so or any(kind == "Instructor" and sub.startswith(ASSISTANT) for kind, sub in roles.sub_roles)
