"""What Django discovers: all models, each owned by its slice."""

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.diagnostics.models import LastLaunch, LaunchAttempt, LaunchTally, TallyMark
from lti_1p3_provider.fleet.models import Standing
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.memberships.models import EnrolledAhead, Member, NotAhead, Roster
from lti_1p3_provider.onboarding.models import Invitation, OpenedConfiguration
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import Lane, LineItem, Outage, PendingScore, Tally
from lti_1p3_provider.users.models import CourseRole, Grant, LegacyMatch, PlatformUser

__all__ = [
    "Change",
    "Context",
    "CourseOutline",
    "CourseRole",
    "DeepLinkingRequest",
    "Deployment",
    "EnrolledAhead",
    "Grant",
    "Invitation",
    "Lane",
    "LastLaunch",
    "LaunchAttempt",
    "LaunchGate",
    "LaunchTally",
    "LegacyMatch",
    "LineItem",
    "Member",
    "NotAhead",
    "OpenedConfiguration",
    "Outage",
    "OutlineBlock",
    "PendingScore",
    "PlatformUser",
    "Registration",
    "ResourceLink",
    "Roster",
    "Standing",
    "Tally",
    "TallyMark",
    "ToolKey",
]
