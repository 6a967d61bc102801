"""Why a score is where it is, or what is wrong with a column: the reasons, and what people are told about each.

Rows store a ``Reason`` and the platform's HTTP status. What happened is the reason's label, or what a status says more
exactly, or what this platform means by it (its preset). ``REMEDIES`` has what to do, and who can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import ColumnMissing, LtiError, ServiceRefused
from lti_1p3_provider.platforms import preset

MAX_DETAIL = 255
Text = str | Promise


class Reason(TextChoices):
    """The reasons. Where an error of ours is the reason, its value is the error's code."""

    TAKEN = "taken", _("the platform took it")
    UNCHANGED = "unchanged", _("the platform has this grade already")
    NEWER = "newer_there", _("the platform has a newer score already")
    NO_GRADE = "no_grade", _("there is no grade here")
    ACCOUNT_OFF = "account_off", _("the account here is switched off")
    NO_COLUMN = "no_column", _("the platform has no column for this activity, or lets us send no scores")
    NO_LIST = "no_list_of_columns", _("the platform names no column for this activity, and lets us look for none")
    MAY_NOT_MAKE = "may_not_make_column", _("the platform has no column for this activity, and lets us make none")
    DECLINED = "column_declined", _("the platform says that this activity has no column")
    NOT_WANTED = "column_not_wanted", _("the platform wants no column now, and one that this tool made is still there")
    TWO_COLUMNS = "two_columns", _("the platform has a column of its own now, beside one that this tool made")
    REFUSED = "refused", _("the platform does not take this score")
    SERVICE_REFUSED = "service_refused", _("the platform does not let us read or make columns")
    MAY_NOT_READ = "may_not_read_results", _("the platform does not let us read results")
    NOT_ASKED = "not_asked", _("it was not asked: its platform did not answer about other columns")
    NO_TIME = "no_time_left", _("it was not asked: there was no time left")
    MOVING = "moving", _("its scores are moving to a new column")
    NAMELESS = "nameless_results", _("the platform shows results and does not say whose they are")
    STRANGERS = "strangers_results", _("the platform shows only results of people whom this tool does not know")
    ODD_RESULTS = "odd_results", _("the platform shows something that is not a number of points")
    SWITCHED_OFF = "switched_off", _("the registration or deployment is switched off here")
    ADDRESS_FORBIDDEN = "address_forbidden", _("the column has an address that may not be called")
    KEY_INVALID = "key_invalid", _("the tool's signing key cannot be used")
    NOT_KEPT = "text_not_kept", _("the platform's answer cannot be stored by this site")
    UNWRITABLE = "unwritable", _("the database could not store the result")
    THROTTLED = "throttled", _("the platform asked us to slow down")
    FAILING = "platform_failing", _("the platform has a problem of its own")
    REDIRECTED = "redirected", _("the platform redirected us, perhaps to a sign-in page")
    ACCESS_REFUSED = "access_refused", _("the platform does not accept our access token, although it is new")
    TOKEN_REFUSED = "access_token_refused", _("the platform gives us no access token")
    UNREACHABLE = "platform_unreachable", _("the platform does not answer")
    UNREADABLE = "answer_unreadable", _("the platform's answer cannot be read")
    SLOW = "slow", _("the platform takes scores very slowly")
    NO_KEY = "no_active_key", _("the tool has no signing key")
    STORE_DOWN = "state_store_down", _("this site's cache does not answer")
    NO_TRUST = "trust_unreadable", _("this site cannot make secure connections")
    FAILED_HERE = "failed_here", _("something went wrong on this site")
    UNKNOWN = "unknown", _("something that this version does not know")


class Who(TextChoices):
    """Who can do something about it."""

    NOBODY = "nobody", _("nobody: there is nothing to do")
    COURSE = "course_team", _("the course team, or a teacher on the platform")
    PLATFORM = "platform_admin", _("the platform's administrator")
    SITE = "site_admin", _("this site's administrator")


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do, and who can. ``passes``: it is tried again automatically, and given up after more than a week."""

    to_do: Text
    who: Who
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What people are told about a reason."""

    happened: str
    to_do: str
    who: str


NOTHING_TO_DO = Remedy(_("Nothing, until the grade changes or somebody sends it again."), Who.NOBODY)
SEE_WHETHER_UP = _("See whether the platform is up, and can be reached from this site; then send it again.")
RIGHT = Remedy(_("On the platform, let the tool write scores in this course, then send it again."), Who.PLATFORM)
PERSON = Remedy(
    _("Usually this person left the course on the platform, or is no learner there. If not, send it again."), Who.COURSE
)
GONE = Remedy(_("The column is gone: open the activity once from the platform, then send it again."), Who.COURSE)
GRADED = _("On the platform, have the activity graded and let the tool send scores, then open it once from there.")
LOOK_THERE = Remedy(_("Look at the column in the platform's gradebook."), Who.COURSE)
ASK_AGAIN = Remedy(_("Compare again later."), Who.COURSE)
OLD_COLUMN = Remedy(_("Delete the column that this tool made, in the platform's gradebook."), Who.COURSE)

REMEDIES: Final[Mapping[Reason, Remedy]] = {
    **dict.fromkeys((Reason.UNCHANGED, Reason.NEWER, Reason.NO_GRADE), NOTHING_TO_DO),
    **dict.fromkeys((Reason.NO_COLUMN, Reason.NO_LIST), Remedy(GRADED, Who.COURSE)),
    **dict.fromkeys((Reason.NOT_WANTED, Reason.TWO_COLUMNS), OLD_COLUMN),
    **dict.fromkeys((Reason.NOT_ASKED, Reason.NO_TIME, Reason.MOVING), ASK_AGAIN),
    **dict.fromkeys((Reason.NAMELESS, Reason.STRANGERS, Reason.ODD_RESULTS), LOOK_THERE),
    Reason.TAKEN: Remedy(_("Nothing: the platform has it."), Who.NOBODY),
    Reason.ACCOUNT_OFF: Remedy(_("Switch the account on, if that was a mistake; then send it again."), Who.SITE),
    Reason.MAY_NOT_MAKE: Remedy(
        _("On the platform, make the activity graded, or let the tool make columns."), Who.COURSE
    ),
    Reason.DECLINED: Remedy(_("Nothing, if it is not to be graded. If it is, make it graded there."), Who.COURSE),
    Reason.REFUSED: Remedy(_("Ask why the platform does not accept it; fix that, then send it again."), Who.PLATFORM),
    Reason.SERVICE_REFUSED: Remedy(
        _("On the platform, let the tool read and make columns in this course, then send it again."), Who.PLATFORM
    ),
    Reason.MAY_NOT_READ: Remedy(_("On the platform, let the tool read results."), Who.PLATFORM),
    Reason.SWITCHED_OFF: Remedy(_("Switch the registration on and approve the deployment."), Who.SITE),
    Reason.ADDRESS_FORBIDDEN: Remedy(
        _("If the host belongs to the platform, add it to the registration's other hosts, then send it again."),
        Who.SITE,
    ),
    Reason.KEY_INVALID: Remedy(_("Look at the tool's keys."), Who.SITE),
    Reason.NOT_KEPT: Remedy(_("Give the database a character set that can store all characters."), Who.SITE),
    Reason.UNWRITABLE: Remedy(_("Find the cause in the log, then send it again."), Who.SITE),
    Reason.THROTTLED: Remedy(_("Send it again later, and fewer at a time."), Who.COURSE, passes=True),
    Reason.FAILING: Remedy(SEE_WHETHER_UP, Who.PLATFORM, passes=True),
    Reason.REDIRECTED: Remedy(_("Compare the column's address with the platform's."), Who.SITE, passes=True),
    Reason.ACCESS_REFUSED: Remedy(RIGHT.to_do, Who.PLATFORM, passes=True),
    Reason.TOKEN_REFUSED: Remedy(
        _("Compare client ID, access token URL and audience, and see whether the platform can read the tool's keys."),
        Who.SITE,
        passes=True,
    ),
    Reason.UNREACHABLE: Remedy(SEE_WHETHER_UP, Who.PLATFORM, passes=True),
    Reason.UNREADABLE: Remedy(_("Compare the registration's addresses with the platform's."), Who.SITE, passes=True),
    Reason.SLOW: Remedy(SEE_WHETHER_UP, Who.PLATFORM, passes=True),
    Reason.NO_KEY: Remedy(_("Make a key for the tool."), Who.SITE, passes=True),
    Reason.STORE_DOWN: Remedy(_("See whether the cache is up."), Who.SITE, passes=True),
    Reason.NO_TRUST: Remedy(_("Correct the site's file of certificate authorities."), Who.SITE, passes=True),
    Reason.FAILED_HERE: Remedy(_("Find the cause in the log."), Who.SITE, passes=True),
    Reason.UNKNOWN: Remedy(_("Fix what the platform said last, then send it again."), Who.SITE, passes=True),
}
# What a status says more exactly when a score was refused.
STATUSES: Final[Mapping[int, tuple[Text, Remedy]]] = {
    400: (_("the platform does not take this score"), PERSON),
    403: (_("the tool may not write scores there, or was taken out of the course"), RIGHT),
    404: (_("the platform knows no such column, or not this person"), GONE),
    410: (_("the column was deleted on the platform"), GONE),
    412: (_("the platform says that the column belongs to another tool"), GONE),
    422: (_("the platform does not take a score for this person"), PERSON),
}
NO_COLUMN_THERE = (_("the platform knows no such column"), GONE)
EXACT: Final[Mapping[Reason, Mapping[int, tuple[Text, Remedy]]]] = {
    Reason.REFUSED: STATUSES,
    Reason.MAY_NOT_READ: {404: NO_COLUMN_THERE, 410: NO_COLUMN_THERE},
}
ANSWERS_TO_SCORES = frozenset((Reason.REFUSED, Reason.ACCESS_REFUSED))  # of which presets know more

NOT_OF_SCORES = frozenset(  # but of columns, of what they show, and of outages
    (
        *(Reason.NOT_WANTED, Reason.TWO_COLUMNS, Reason.SWITCHED_OFF, Reason.SLOW),
        *(Reason.MAY_NOT_READ, Reason.ODD_RESULTS, Reason.NOT_ASKED, Reason.NO_TIME, Reason.MOVING),
        *(Reason.NAMELESS, Reason.STRANGERS),
    )
)


@dataclass(frozen=True, slots=True)
class Why:
    """A reason, the platform's HTTP status (0: there was no answer, or it does not matter), and a detail for operators:
    the platform's own words, or what was being done."""

    reason: Reason
    status: int = 0
    detail: str = ""

    @property
    def code(self) -> str:
        """The name that documents and scripts know: the reason, with the status of a refused score."""
        status = f"_{self.status}" if self.reason is Reason.REFUSED and self.status else ""
        return f"{self.reason.value}{status}"

    @property
    def remedy(self) -> Remedy:
        """What is to be done."""
        return self._exact[1]

    def words(self, platform: str = "") -> Words:
        """Return what people are told; ``platform`` is the name of a preset."""
        happened, remedy = self._exact
        if self.reason in ANSWERS_TO_SCORES:
            happened = preset(platform).refusals.get(self.status, happened)
        return Words(str(happened), str(remedy.to_do), str(remedy.who.label))

    def happened(self, platform: str = "") -> str:
        """Return what happened, with the platform's status if that was no success."""
        said = self.words(platform).happened
        return said if self.status < 300 else f"{said} (HTTP {self.status})"

    def in_full(self, platform: str = "") -> str:
        """Return what happened with its detail, for operators."""
        said = self.words(platform).happened + (f" (HTTP {self.status})" if self.status else "")
        return f"{said}: {self.detail}" if self.detail else said

    def to_do(self, platform: str = "", *, is_given_up: bool = False) -> str:
        """Return what a person has to do about a score that nobody tries again by itself, and who can."""
        words = self.words(platform)
        tried = _now("It was tried for more than a week.") + " " if is_given_up and self.remedy.passes else ""
        who = _now("Who can do it: %s.") % words.who if self.remedy.who is not Who.NOBODY else ""
        return f"{tried}{words.to_do} {who}".rstrip()

    @property
    def _exact(self) -> tuple[Text, Remedy]:
        """What happened and what to do, unless a platform has a meaning of its own for it."""
        return EXACT.get(self.reason, {}).get(self.status) or (self.reason.label, REMEDIES[self.reason])

    @property
    def stored(self) -> dict[str, str | int]:
        """The columns of a row. Platforms are quoted, with whatever characters they have."""
        return {"reason": self.reason.value, "http_status": self.status, "detail": reduce(self.detail)[:MAX_DETAIL]}


KNOWN: Final[Mapping[str, Reason]] = {reason.value: reason for reason in Reason}
FORGOTTEN: Final[Mapping[str, str | int]] = {"reason": "", "http_status": 0, "detail": ""}


def named(value: str) -> Reason:
    """Return the reason with this value, even if another version stored it."""
    return KNOWN.get(value, Reason.UNKNOWN)


def of_error(error: LtiError) -> Why:
    """Return the reason for an error of ours."""
    if isinstance(error, ColumnMissing):
        return Why(named(error.reason) if error.reason else Reason.NO_COLUMN)
    if isinstance(error, ServiceRefused):
        return Why(Reason.SERVICE_REFUSED, error.answered, error.asked)
    if error.code in KNOWN:
        return Why(KNOWN[error.code], error.answered, error.detail)
    if type(error) is LtiError:
        return Why(Reason.FAILED_HERE, detail=error.detail)
    return Why(Reason.UNKNOWN, detail=f"{error.code}: {error.detail}")
