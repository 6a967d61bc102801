"""Says in words what was done for people before they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lti_1p3_provider.memberships.models import EnrolledAhead, Roster
from lti_1p3_provider.memberships.plan import Stopped, makes_accounts
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import PlatformUser

MAX_NAMED = 3  # courses in which something stopped it
WHY = {
    Stopped.CLOSED: gettext_lazy("Nothing was done: the registration or the deployment is switched off."),
    Stopped.GAPS: gettext_lazy("Nothing was done: the list had gaps, or was empty."),
    Stopped.NO_COURSE: gettext_lazy(
        "Nothing was done: no activity leads to a course that the launch gate opens as a whole, and that has the "
        "enrolment mode."
    ),
    Stopped.SHRUNK: gettext_lazy(
        "Nothing was done: at least half of the people who were enrolled so are not on the list any more. If that is "
        "right, the site's administrator says so to the command that reads the list."
    ),
    Stopped.QUOTA: gettext_lazy("The platform brought too many new people today: the rest is for tomorrow."),
}


def said(ahead: Mapping[str, Any]) -> list[str]:
    """Return sentences about ``Roster.ahead``, none if nothing was tried."""
    if not ahead:
        return []
    counted = (
        (ngettext("%s account was made.", "%s accounts were made.", ahead["accounts"]), "accounts"),
        (ngettext("%s enrolment was made.", "%s enrolments were made.", ahead["enrolled"]), "enrolled"),
        (ngettext("%s enrolment was ended.", "%s enrolments were ended.", ahead["unenrolled"]), "unenrolled"),
        (ngettext("%s person was left out.", "%s people were left out.", ahead["refused"]), "refused"),
        (ngettext("%s person is still to come.", "%s people are still to come.", ahead["left"]), "left"),
    )
    found = [text % ahead[name] for text, name in counted if ahead[name]]
    if ahead["stopped"] in WHY:
        found.append(str(WHY[Stopped(ahead["stopped"])]))
    return found or [_("Nothing was due.")]


def of_registration(registration: Registration | None) -> str:
    """Return what is done for a registration's people, and what was; None is one that is still to be made."""
    meaning = _(
        "Left empty, nobody gets anything before their first launch. Otherwise, whenever a platform's list of a "
        "course's people is read, learners on it get what a launch would give them: a new account, without a name, and "
        "the enrolment. Teachers, staff and people who were forgotten get nothing, and nobody where the gate opens a "
        "course in part only."
    )
    if registration is None or not registration.ahead_way:
        return meaning
    people = PlatformUser.objects.filter(registration=registration, ahead=True).count()
    waiting = ngettext("%s person has an account and never came.", "%s people have an account and never came.", people)
    rows = EnrolledAhead.objects.filter(platform_user__registration=registration, taken_at=None)
    enrolments = ngettext("%s enrolment is from a list.", "%s enrolments are from a list.", number := rows.count())
    no_accounts = "" if makes_accounts(registration) else _("No accounts are made: people may bring their own.")
    stopped = Roster.objects.filter(context__deployment__registration=registration, ahead__stopped__in=list(WHY))
    troubles = [
        f"{row.context}: {' '.join(said(row.ahead))}"
        for row in stopped.select_related("context").order_by("pk")[:MAX_NAMED]
    ]
    return " ".join(filter(None, (meaning, waiting % people, enrolments % number, no_accounts, *troubles)))
