"""What Django's admin discovers: each page is owned by its slice."""

from lti_1p3_provider.audit.admin import ChangeAdmin
from lti_1p3_provider.diagnostics.admin import LaunchAttemptAdmin
from lti_1p3_provider.doctor.admin import ExaminedRegistrationAdmin
from lti_1p3_provider.fleet.admin import FleetAdmin
from lti_1p3_provider.onboarding.invitation_admin import InvitationAdmin
from lti_1p3_provider.outline.admin import CourseOutlineAdmin
from lti_1p3_provider.people.admin import PersonAdmin
from lti_1p3_provider.people.legacy_admin import LegacyMatchAdmin
from lti_1p3_provider.registrations.admin import ToolKeyAdmin
from lti_1p3_provider.scores.admin import PendingScoreAdmin

__all__ = [
    "ChangeAdmin",
    "CourseOutlineAdmin",
    "ExaminedRegistrationAdmin",
    "FleetAdmin",
    "InvitationAdmin",
    "LaunchAttemptAdmin",
    "LegacyMatchAdmin",
    "PendingScoreAdmin",
    "PersonAdmin",
    "ToolKeyAdmin",
]
