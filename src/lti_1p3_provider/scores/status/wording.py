"""Says in plain words what became of a score, to people who operate the site or teach the course."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lti_1p3_provider.errors import causes
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.standing import State, state_of
from lti_1p3_provider.scores.status.sentence import Sentence

STATES = {
    State.NOTHING: gettext_lazy("nothing to send yet"),
    State.WAITING: gettext_lazy("will be sent"),
    State.RETRYING: gettext_lazy("will be sent again"),
    State.SENT: gettext_lazy("sent"),
    State.NOT_SENT: gettext_lazy("not sent: see the last answer"),
    State.GIVEN_UP: gettext_lazy("given up"),
}
STATUSES = {
    "400": gettext_lazy("the platform does not take this score"),
    "401": gettext_lazy("the platform does not accept our access"),
    "403": gettext_lazy("the platform does not let us write this score"),
    "404": gettext_lazy("the platform knows no such column"),
    "409": gettext_lazy("the platform has a newer score already"),
    "412": gettext_lazy("the platform says that the column belongs to another tool"),
    "422": gettext_lazy("the platform does not take a score for this person"),
    "429": gettext_lazy("the platform asked us to slow down"),
}
REFUSED_PERSON = gettext_lazy(
    "Usually this person left the course on the platform, or is no learner there. If not, send it again."
)
READING = {
    "400": gettext_lazy("the platform does not tell us results of this column"),
    "401": gettext_lazy("the platform does not accept our access"),
    "403": gettext_lazy("the platform does not let us read results"),
    "404": gettext_lazy("the platform knows no such column"),
    "410": gettext_lazy("the platform knows no such column"),
    "429": gettext_lazy("the platform asked us to slow down"),
}
TO_DO = {
    "refused_400": REFUSED_PERSON,
    "refused_422": REFUSED_PERSON,
    "refused_401": gettext_lazy("On the platform, let the tool write scores in this course, then send it again."),
    "refused_403": gettext_lazy("On the platform, let the tool write scores in this course, then send it again."),
    "refused_404": gettext_lazy("The column is gone: open the activity once from the platform, then send it again."),
    "refused_412": gettext_lazy("The column is gone: open the activity once from the platform, then send it again."),
    "address_forbidden": gettext_lazy(
        "The column is on a host that the registration does not know. The site's administrator can add that host."
    ),
    "key_invalid": gettext_lazy("The site's administrator has to look at the tool's keys."),
    "unwritable": gettext_lazy(
        "The database did not take the platform's answer. The site's administrator finds the cause in the log."
    ),
    "gave_up": gettext_lazy("It was tried for more than a week. Mend what the platform said last, then send it again."),
}
ANSWERS = {
    "no grade: hidden, reset or never attempted; the platform keeps what it has": gettext_lazy(
        "there is no grade here"
    ),
    "the account is switched off here; the platform keeps what it has": gettext_lazy(
        "the account here is switched off"
    ),
    "unchanged": gettext_lazy("the platform has this grade already"),
    "the platform offers no column for this link": gettext_lazy("the platform has no column for this activity"),
}
HTTP = re.compile(r"HTTP (\d{3})")
READ = re.compile(r"service_refused: reading a list: HTTP (\d{3})")
CODE = re.compile(r"([a-z0-9_]+):")


def answer(row: PendingScore) -> str:
    """Return the last answer in plain words; empty if there was none, or if it is about what was before.

    ``last_answer`` is what ``retry`` and ``post`` wrote.
    """
    said = "" if state_of(row) is State.WAITING else row.last_answer
    if found := HTTP.match(said):
        return _status(found[1], said)
    if found := CODE.match(said):
        known = causes().get(found[1])
        return str(known.title) if known else said
    return str(ANSWERS.get(said, said))


def unread(reason: str) -> str:
    """Say why a column was not compared. ``reason`` is what ``reconcile`` wrote."""
    if found := READ.match(reason):
        said, status = f"HTTP {found[1]}", found[1]
        if status.startswith("5"):
            return _("the platform has a problem of its own (%s)") % said
        return f"{READING[status]} ({said})" if status in READING else reason
    if (found := CODE.match(reason)) and (known := causes().get(found[1])):
        return str(known.title)
    return reason


def what_next(row: PendingScore, outage: Outage | None, now: datetime) -> Sentence:
    """Return what happens next, or what a person has to do. The row comes with registration and deployment."""
    match state_of(row):
        case State.GIVEN_UP:
            return Sentence(str(TO_DO.get(row.parked, _("Mend what the platform said last, then send it again."))))
        case State.WAITING | State.RETRYING if row.due_at:
            return _waiting(row, row.due_at, outage, now)
        case State.SENT:
            return Sentence(_("Nothing: the platform has it."))
        case State.NOT_SENT:
            return Sentence(_("Nothing, until the grade changes or somebody sends it again."))
    return Sentence(_("It is sent once there is a grade."))


def _waiting(row: PendingScore, due_at: datetime, outage: Outage | None, now: datetime) -> Sentence:
    if not row.registration.enabled or row.lane.deployment.status != Deployment.Status.APPROVED:
        return Sentence(_("Waits: this platform is switched off here."))
    if outage is not None:
        moments = {"since": outage.since, "until": max(outage.until, now)}
        return Sentence(_("Waits: the platform takes no scores since {since}. Next try at {until}."), moments)
    if due_at <= now:
        return Sentence(_("Is being sent, or will be within minutes."))
    if row.attempts:
        return Sentence(_("Will be tried again at {time}.") + f" ({_('tries')}: {row.attempts})", {"time": due_at})
    return Sentence(_("Will be sent at {time}."), {"time": due_at})


def _status(status: str, said: str) -> str:
    if status.startswith("2"):
        return _("the platform took it")
    if status.startswith("5"):
        return _("the platform has a problem of its own (%s)") % said
    return f"{STATUSES[status]} ({said})" if status in STATUSES else said
