"""What a platform's administrator is told: what it will open, what we ask for and why, and what will be missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lti_1p3_provider.conf import conf
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import ags, nrps
from lti_1p3_provider.lti.dynamic_registration import ToolDetails
from lti_1p3_provider.lti.resource_link import HISTORY
from lti_1p3_provider.onboarding.asking import EMAIL
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.registrations.models import COURSE_ROLES, AccountMode, Registration

MAX_NAMED = 20
SCOPES = {
    ags.SCORE_SCOPE: (gettext_lazy("Send scores"), gettext_lazy("so that they arrive in your gradebook.")),
    ags.LINE_ITEM_SCOPE: (
        gettext_lazy("Make and change its own columns"),
        gettext_lazy("where an activity has no column yet, or its points have changed."),
    ),
    ags.LINE_ITEM_READ_SCOPE: (
        gettext_lazy("Look at its own columns"),
        gettext_lazy("to find the one that belongs to an activity."),
    ),
    ags.RESULT_SCOPE: (
        gettext_lazy("Read the results in its own columns"),
        gettext_lazy("to notice scores that got lost, and send them again."),
    ),
    nrps.SCOPE: (
        gettext_lazy("Read who is in your courses"),
        gettext_lazy("to tell a course's team who is missing here. Names and addresses are not kept."),
    ),
}
PLACES = {
    "ContentArea": gettext_lazy("where activities are added to a course"),
    "assignment_selection": gettext_lazy("where an assignment is made (assignment_selection)"),
    "link_selection": gettext_lazy("where a module gets an item (link_selection)"),
    "module_index_menu_modal": gettext_lazy("where modules get several items (module_index_menu_modal)"),
    "course_assignments_menu": gettext_lazy("where several assignments are made (course_assignments_menu)"),
}

ACCOUNTS = {
    ("learner_accounts", AccountMode.PROOF): gettext_lazy("Learners may use an account that they have here."),
    ("learner_accounts", AccountMode.ONLY): gettext_lazy("Learners need an account here, and sign in to it once."),
    ("teacher_accounts", AccountMode.PROOF): gettext_lazy("Teachers may use an account that they have here."),
    ("teacher_accounts", AccountMode.ONLY): gettext_lazy("Teachers need an account here, and sign in to it once."),
}
ROLES = {
    "instructor_role": gettext_lazy("In the course that they launch here, instructors become: %s."),
    "assistant_role": gettext_lazy("In the course that they launch here, teaching assistants become: %s."),
    "designer_role": gettext_lazy("In the course that they launch here, content developers become: %s."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that we ask for, and the reason."""

    what: str
    why: str


def opens(gate: LaunchGate | None, org: str) -> list[str]:
    """Return what a registration of this organization ("": the site's) with this gate may open, one sentence or item
    each."""
    if gate is None:
        if conf.require_launch_gate:
            return [_("Nothing yet: this site has still to say what.")]
        if org:
            return [_("Everything that is published of %s.") % org]
        return [_("Everything that is published on this site.")]
    titles = _titles(gate.allowed_courses[:MAX_NAMED])
    said = [_("The course %s") % titles.get(key, key) for key in gate.allowed_courses[:MAX_NAMED]]
    said += [_("All courses of %s") % org for org in gate.allowed_orgs[:MAX_NAMED]]
    said += [_("The activity %s") % key for key in gate.allowed_keys[:MAX_NAMED]]
    left = sum(max(0, len(names) - MAX_NAMED) for names in (gate.allowed_courses, gate.allowed_orgs, gate.allowed_keys))
    if left:
        said.append(_("and %s more") % left)
    if gate.block_filter and said:
        said.append(_("Only some types of blocks in them."))
    return said or [_("Nothing: its launch gate names nothing.")]


def becomes(invitation: Invitation) -> list[str]:
    """Return what its people get and become here, besides what they open. The defaults are left out."""
    said = []
    if mode := invitation.enrolment_mode:
        said.append(_("Whoever launches is enrolled in the course, as “%s”.") % mode)
    said += [str(text) for (name, mode), text in ACCOUNTS.items() if getattr(invitation, name) == mode]
    names = dict(COURSE_ROLES)
    said += [str(text) % names[role] for name, text in ROLES.items() if (role := getattr(invitation, name))]
    return said


def asks(tool: ToolDetails) -> list[Asked]:
    """Return everything that we ask for."""
    said = [Asked(_("An ID for each person"), _("so that everybody finds their own work again."))]
    if {"name", "given_name", "family_name"} & set(tool.claims):
        said.append(Asked(_("Names of people"), _("for their accounts here, which course teams see.")))
    if EMAIL in tool.claims:
        said.append(Asked(_("Email addresses"), _("for their accounts here: this site trusts your addresses.")))
    said += [Asked(str(what), str(why)) for scope, (what, why) in SCOPES.items() if scope in tool.scopes]
    if tool.placements is not None:
        where = ", ".join(str(PLACES.get(_short(place), place)) for place in tool.placements)
        because = _("so that teachers pick from a list instead of pasting addresses.")
        said.append(Asked(_("A place to choose content"), f"{where}: {because}" if where else because))
    if set(tool.custom) & set(HISTORY):
        said.append(Asked(_("Where a course was copied from"), _("to recognize copies, in a later version.")))
    return said


def asks_of_lti_1p1(invitation: Invitation) -> list[Asked]:
    """Return what we ask a platform that came through LTI 1.1."""
    if invitation.legacy_until is None:
        return []
    because = _("so that learners keep the accounts and the work that they have here.")
    return [Asked(_("A proof of the key that it has used on LTI 1.1"), because)]


def lacks(tool: ToolDetails) -> list[str]:
    """Return what will not work because the platform does not offer it."""
    said = []
    if ags.SCORE_SCOPE not in tool.scopes:
        said.append(_("Your platform offers no way to send scores: activities open, and its gradebook stays empty."))
    if tool.placements is None:
        said.append(_("Your platform does not let teachers choose content: they paste the address of each activity."))
    return said


def not_granted(tool: ToolDetails, registration: Registration) -> list[str]:
    """Return what was asked for and not granted; nothing if the platform does not say what it granted."""
    granted = registration.granted_scopes
    if granted is None:
        return []
    missing = _needless(scope for scope in tool.scopes if scope not in granted)
    return [f"{SCOPES[scope][0]}: {SCOPES[scope][1]}" for scope in missing]


def granted(registration: Registration) -> str:
    """Return, for an operator, what a platform that registered itself grants."""
    said = []
    if registration.granted_scopes is not None:
        names = [scope.rpartition("/")[2] for scope in registration.granted_scopes]
        said.append(_("It granted: %s.") % (", ".join(names) or _("nothing")))
    if registration.approve_next_deployment:
        said.append(_("The first deployment that launches is approved, as its invitation says."))
    return " ".join(said) or "-"


def _needless(missing: Iterable[str]) -> list[str]:
    """Leave out rights that another one includes."""
    found = list(missing)
    return [one for one in found if one != ags.LINE_ITEM_READ_SCOPE or ags.LINE_ITEM_SCOPE in found]


def _titles(keys: list[str]) -> dict[str, str]:
    """Return the titles of courses, if an outline has them, each with its key."""
    rows = CourseOutline.objects.filter(course_digest__in=map(digest, keys)).exclude(title="")
    return {row.course_key: f"{row.title} ({row.course_key})" for row in rows}


def _short(place: str) -> str:
    return place.rstrip("/").rpartition("/")[2]
