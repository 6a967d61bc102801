"""What people read about a registration's health."""

from __future__ import annotations

from datetime import datetime

from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.fleet.health import Cause, Kind, Word

WORDS: dict[Word, Promise] = {
    Word.FAILING: _("does not work"),
    Word.TROUBLED: _("look at it"),
    Word.NEW: _("never used"),
    Word.WELL: _("works"),
    Word.QUIET: _("not used lately"),
    Word.OFF: _("switched off"),
}
SENTENCES: dict[Kind, Promise] = {
    Kind.OFF: _("It is switched off: no launches, no scores."),
    Kind.NO_DEPLOYMENT: _("No deployment is approved, so nobody can launch."),
    Kind.OUTAGE: _("The platform has taken no scores for %(ago)s: %(code)s."),
    Kind.ALL_REFUSED: _("All %(number)s launches since yesterday were refused, the last as %(code)s."),
    Kind.NO_KEYS: _("The platform's keys cannot be fetched (%(code)s), and none are known."),
    Kind.PLACES_DOWN: _("Deployments, or hosts of theirs, that take no scores: %(number)s."),
    Kind.NO_TOKEN: _("The last try to get an access token failed %(ago)s ago: %(code)s."),
    Kind.PARKED: _("Scores that were given up: %(number)s."),
    Kind.LATE: _("The oldest due score has been due for %(ago)s: nobody delivers."),
    Kind.REFUSED: _("%(number)s of %(of)s launches in 7 days were refused, the last as %(code)s."),
    Kind.UNPROVEN: _("%(number)s launches in 7 days were refused before the platform's signature could be checked."),
    Kind.KEYS_FAIL: _("The platform's keys could not be fetched %(ago)s ago (%(code)s); known ones are still used."),
    Kind.SKEW: _("This site's clock is %(number)s s %(of)s the platform's."),
    Kind.PENDING: _("Deployments that wait for approval: %(number)s."),
    Kind.NEVER: _("Nobody has launched from it yet."),
    Kind.QUIET: _("The last launch was %(ago)s ago."),
}
WITHOUT_CODE: dict[Kind, Promise] = {  # where it is not known whether the last one's was the platform's
    Kind.ALL_REFUSED: _("All %(number)s launches since yesterday were refused."),
    Kind.REFUSED: _("%(number)s of %(of)s launches in 7 days were refused."),
}
WAYS = {"ahead": _("ahead of"), "behind": _("behind")}


def sentence(cause: Cause, now: datetime) -> str:
    """Return a reason in plain words."""
    ago = timesince(cause.at, now) if cause.at else ""
    text = SENTENCES[cause.kind] if cause.code else WITHOUT_CODE.get(cause.kind, SENTENCES[cause.kind])
    said = {"number": cause.number, "of": WAYS.get(cause.of, cause.of), "ago": ago, "code": cause.code or "?"}
    return str(text) % said
