"""Says what the people of a registration may reach on the site, beyond what the launch gate lets them launch."""

from __future__ import annotations

from django.utils.translation import gettext as _

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.registrations.models import Registration


def reach(registration: Registration | None) -> str:
    """Return it in plain words. None is a registration that is still to be made."""
    if registration is None or registration.confine_sessions:
        return _(
            "What they launched, with all that is below it, for as long as a launch opens it. No account pages, no "
            "enrolment, no other courses. A launch of a whole course opens all of that course."
        )
    said = _("The whole site, like anybody who signs in: other blocks and courses, their account, enrolment.")
    if getattr(registration, "gate", None) is not None:
        return f"{said} {_('The launch gate limits what they launch, and nothing else.')}"
    return said


def opens_more_than_its_gate(registration: Registration, gate: LaunchGate | None) -> str:
    """Return what its people can reach beyond a gate that names single blocks or types; empty if nothing."""
    if gate is None or not (gate.allowed_keys or gate.block_filter):
        return ""
    if not registration.confine_sessions:
        return "Its launch gate names single blocks or types of blocks, but its people may use the whole site."
    if registration.enrolment_mode:
        return (
            "Its launch gate names single blocks or types of blocks, but whoever launches is enrolled in the whole "
            "course: its team sees them in its lists, and the LMS sends them the course's messages."
        )
    return ""
