"""Says which course roles a registration's teachers get, and what such a role lets them do."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.course_roles.mapping import opens_whole
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.registrations.models import ROLE_FIELDS, Registration
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import CourseRole


def said(registration: Registration | None) -> str:
    """Return it in plain words. None is a registration that is still to be made."""
    meaning = _(
        "Left empty, teachers see content as learners do, and the scores of their own class. Otherwise a launch gives "
        "them the role in the one course that it opens, only where the gate opens that course as a whole, and a later "
        "launch without it takes the role back. Staff of a course, limited or not, see all people in it and their "
        "work, those of other platforms too: choose that only for courses that are this platform's alone. While its "
        "people are confined, staff work on what they launched: a whole course with its instructor dashboard, or a "
        "block with what the LMS shows staff of it."
    )
    if registration is None:
        return meaning
    given = CourseRole.objects.filter(deployment__registration=registration).count()
    return f"{meaning} {ngettext('%s role is given now.', '%s roles are given now.', given) % given}"


def taken(number: int) -> str:
    """Return what an operator reads after a change because of which roles are taken back."""
    text = ngettext(
        "%s role in a course is not due any more: a worker takes it back now, or the next clean-up.",
        "%s roles in courses are not due any more: a worker takes them back now, or the next clean-up.",
        number,
    )
    return text % number


def shared(registration: Registration, courses: list[CourseKey]) -> list[str]:
    """Return those of the courses in which its teachers become staff and people of other registrations have scores."""
    given = {getattr(registration, name) for name in ROLE_FIELDS}
    if given.isdisjoint((RoleName.STAFF, RoleName.LIMITED_STAFF)):
        return []
    keys = [str(key) for key in courses if opens_whole(registration, key)]
    others = PendingScore.objects.filter(course_key__in=keys).exclude(registration=registration.pk or 0)
    return sorted(others.order_by().values_list("course_key", flat=True).distinct())


def gives_nothing(registration: Registration, gate: LaunchGate | None) -> str:
    """Return why roles are given in no course, or only in some; empty if they are given wherever people launch."""
    if not registration.maps_roles or gate is None or not (gate.allowed_keys or gate.block_filter):
        return ""
    return (
        "Its launch gate names single blocks or types of blocks: in courses that it opens only in part no launch gives "
        "a role."
    )
