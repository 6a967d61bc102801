"""Says what becomes of a score, for people who operate the site or teach the course."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.querysets import State
from lti_1p3_provider.scores.status.sentence import Sentence

STATES = {
    State.NOTHING: gettext_lazy("nothing to send yet"),
    State.WAITING: gettext_lazy("will be sent"),
    State.RETRYING: gettext_lazy("will be sent again"),
    State.SENT: gettext_lazy("sent"),
    State.NOT_SENT: gettext_lazy("not sent: see the last answer"),
    State.GIVEN_UP: gettext_lazy("given up"),
}


def answer(row: PendingScore) -> str:
    """Return the last answer; empty if there was none, or if it is out of date. The row comes with its registration."""
    if row.why is None or row.state is State.WAITING:
        return ""
    return row.why.happened(row.registration.platform)


def in_full(row: PendingScore) -> str:
    """Return the last answer with the platform's status and own words, even if it is out of date; empty if there was
    none. The row comes with its registration."""
    return row.why.in_full(row.registration.platform) if row.why else ""


def what_next(row: PendingScore, outage: Outage | None, now: datetime) -> Sentence:
    """Return what happens next, or what a person has to do. The row comes with registration and deployment."""
    match row.state:
        case State.GIVEN_UP | State.NOT_SENT if row.why:
            return Sentence(row.why.to_do(row.registration.platform, is_given_up=row.given_up))
        case State.WAITING | State.RETRYING if row.due_at:
            return _waiting(row, row.due_at, outage, now)
        case State.SENT:
            return Sentence(_("Nothing: the platform has it."))
    return Sentence(_("It is sent once there is a grade."))


def _waiting(row: PendingScore, due_at: datetime, outage: Outage | None, now: datetime) -> Sentence:
    if not row.lane.deployment.is_open:
        return Sentence(_("Waits: this platform is switched off here."))
    if outage is not None:
        moments = {"since": outage.since, "until": max(outage.until, now)}
        return Sentence(_("Waits: the platform has taken no scores since {since}. Next try at {until}."), moments)
    if due_at <= now:
        return Sentence(_("Is being sent, or will be within minutes."))
    if row.attempts:
        return Sentence(_("Will be tried again at {time}.") + f" ({_('tries')}: {row.attempts})", {"time": due_at})
    return Sentence(_("Will be sent at {time}."), {"time": due_at})
