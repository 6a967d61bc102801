"""Puts into words why a list could not be read, and what was done for people before they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lti_1p3_provider.errors import (
    AccessTokenRefused,
    AddressForbidden,
    AnswerUnreadable,
    DeploymentDisabled,
    PlatformUnreachable,
    RegistrationDisabled,
    RosterNotOffered,
    ServiceRefused,
)
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
        "Nothing was done: at least half of the people whom this list enrolled are no longer on it. If they did leave, "
        "the site's administrator confirms that with the command that reads the list."
    ),
    Stopped.NEWER: gettext_lazy(
        "It ended early: the list was read again, or the registration, the deployment or the launch gate was changed. "
        "The next read does the rest."
    ),
    Stopped.QUOTA: gettext_lazy("The platform brought too many new people today: the rest is for tomorrow."),
}
NOT_ALLOWED = gettext_lazy(
    "The platform does not let this site read the list. Its administrator can let this site use Names and Role "
    "Provisioning Services; if that is so already, ask again later."
)
SWITCHED_OFF = gettext_lazy("The registration or the deployment is switched off here, by this site's administrator.")
HERE = gettext_lazy("Something is wrong on this site: tell its administrator.")
FAILED = {
    RegistrationDisabled.code: SWITCHED_OFF,
    DeploymentDisabled.code: SWITCHED_OFF,
    RosterNotOffered.code: gettext_lazy(
        "No launch said where the platform lists its people. Its administrator can let this site use Names and Role "
        "Provisioning Services; then open an activity once."
    ),
    AddressForbidden.code: gettext_lazy(
        "The list, or a page of it, is on a host that this site does not know as the platform's: tell this site's "
        "administrator."
    ),
    AccessTokenRefused.code: NOT_ALLOWED,
    ServiceRefused.code: NOT_ALLOWED,
    PlatformUnreachable.code: gettext_lazy("The platform does not answer: ask again later."),
    AnswerUnreadable.code: gettext_lazy(
        "The platform's answer, or a page of it, could not be read: ask again later. If that does not help, tell this "
        "site's administrator."
    ),
}


def failed(code: str) -> str:
    """Return why a list could not be read, and who can do what about it. ``code``: ``Roster.failure``."""
    return str(FAILED.get(code, HERE))


def said(ahead: Mapping[str, Any], *, dry_run: bool = False) -> list[str]:
    """Return sentences about ``Roster.ahead``, none if nothing was tried. ``dry_run``: say what would be done."""
    if not ahead:
        return []
    counted = _foreseen(ahead) if dry_run else _done(ahead)
    found = [text % ahead[name] for name, text in counted.items() if ahead[name]]
    if ahead["stopped"] in WHY:
        found.append(str(WHY[Stopped(ahead["stopped"])]))
    return found or [_("Nothing was due.")]


def _done(ahead: Mapping[str, Any]) -> dict[str, str]:
    return {
        "accounts": ngettext("%s account was made.", "%s accounts were made.", ahead["accounts"]),
        "enrolled": ngettext("%s enrolment was made.", "%s enrolments were made.", ahead["enrolled"]),
        "unenrolled": ngettext("%s enrolment was ended.", "%s enrolments were ended.", ahead["unenrolled"]),
        "refused": ngettext("%s person was left out.", "%s people were left out.", ahead["refused"]),
        "left": ngettext(
            "%s person is left for the next read.", "%s people are left for the next read.", ahead["left"]
        ),
    }


def _foreseen(ahead: Mapping[str, Any]) -> dict[str, str]:
    return {
        "accounts": ngettext("%s account would be made.", "%s accounts would be made.", ahead["accounts"]),
        "enrolled": ngettext("%s enrolment would be made.", "%s enrolments would be made.", ahead["enrolled"]),
        "unenrolled": ngettext("%s enrolment would be ended.", "%s enrolments would be ended.", ahead["unenrolled"]),
    }


def of_registration(registration: Registration | None) -> str:
    """Return what is done for a registration's people before they come, and what was done. None is a registration that
    is still to be made."""
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
