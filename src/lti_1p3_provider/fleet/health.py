"""The rules by which a registration's health is judged: one word, and the reasons. They read facts and ask nobody.

What a stranger can cause is at most a reason to look: refusals before the platform's signature was checked may be
anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

from lti_1p3_provider.diagnostics.tallies import Last, LaunchDay
from lti_1p3_provider.lti.contacts import MAX_SKEW, Contact
from lti_1p3_provider.scores.status.overview import Count

WEEK = 7  # days whose launches are judged
LATELY = 2  # days in which no launch worked
FEW, SHARE = 5, 0.2  # refused launches of a week, and their share, below which they are people's own mistakes
SEVERAL = 3  # launches that were all refused
STRANGE = 20  # launches of a week that nobody signed
LATE = timedelta(minutes=20)  # a score that is due; cron comes every ten
STALE = timedelta(days=1)  # how long keys are trusted that cannot be got again
UNUSED = timedelta(days=30)


class Word(IntEnum):
    """The words. The worst comes first; those that need no action come last."""

    FAILING = 0
    TROUBLED = 1
    NEW = 2
    WELL = 3
    QUIET = 4
    OFF = 5


PROBLEMS = (Word.FAILING, Word.TROUBLED)


class Kind(StrEnum):
    """The reasons."""

    OFF = "off"
    NO_DEPLOYMENT = "no_deployment"
    OUTAGE = "outage"
    ALL_REFUSED = "all_refused"
    NO_KEYS = "no_keys"
    PLACES_DOWN = "places_down"
    NO_TOKEN = "no_token"
    PARKED = "parked"
    LATE = "late"
    REFUSED = "refused"
    UNPROVEN = "unproven"
    KEYS_FAIL = "keys_fail"
    SKEW = "skew"
    PENDING = "pending"
    NEVER = "never"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason. ``number``, ``of``, ``at`` and ``code`` are values in its sentence, if it has any."""

    kind: Kind
    word: Word
    number: str = ""
    of: str = ""
    at: datetime | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """A word and its reasons, the worst reason first."""

    word: Word
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one registration. ``days``: its launches, today (UTC) last. ``down_since`` and ``down_why``: an
    outage of all of it. ``places_down``: how many deployments, or hosts of theirs, take no scores. ``due_since``: how
    long the oldest score has been due. ``fetches_keys``: it has a key set URL."""

    enabled: bool = True
    approved: int = 0
    pending: int = 0
    fetches_keys: bool = True
    days: tuple[LaunchDay, ...] = ()
    last: Last = field(default_factory=Last)
    waiting: Count = field(default_factory=lambda: Count(0))
    parked: Count = field(default_factory=lambda: Count(0))
    due_since: datetime | None = None
    down_since: datetime | None = None
    down_why: str = ""
    places_down: int = 0
    keys: Contact = field(default_factory=Contact)
    token: Contact = field(default_factory=Contact)

    @property
    def week(self) -> tuple[int, int, int]:
        """How many launches of the last days succeeded, were refused, and were refused before a signature was
        checked."""
        return _sums(self.days[-WEEK:])

    @property
    def refused_share(self) -> float | None:
        """The share of them that was refused; None if there were none."""
        succeeded, refused, unproven = self.week
        whole = succeeded + refused + unproven
        return (refused + unproven) / whole if whole else None

    @property
    def skew(self) -> float | None:
        """How many seconds our clock was ahead of the platform's at its last answer; None if it did not say."""
        latest = max((self.keys, self.token), key=lambda one: one.worked_at or datetime.min.replace(tzinfo=UTC))
        return latest.skew


def judge(facts: Facts, now: datetime) -> Health:
    """Return the health of a registration. If it is switched off, nothing else is judged."""
    if not facts.enabled:
        return Health(Word.OFF, (Cause(Kind.OFF, Word.OFF),))
    rules = (_deployments, _scores, _launches, _keys, _token, _clock)
    causes = sorted((cause for rule in rules for cause in rule(facts, now)), key=lambda cause: cause.word)
    causes = causes or list(_use(facts, now))
    return Health(causes[0].word if causes else Word.WELL, tuple(causes))


def _deployments(facts: Facts, _: datetime) -> Iterator[Cause]:
    if not facts.approved:
        yield Cause(Kind.NO_DEPLOYMENT, Word.FAILING)
    if facts.pending:
        yield Cause(Kind.PENDING, Word.TROUBLED, f"{facts.pending}")


def _scores(facts: Facts, now: datetime) -> Iterator[Cause]:
    """Judge scores. Those that wait for a platform that is down are not late: the outage is the reason."""
    if facts.down_since:
        yield Cause(Kind.OUTAGE, Word.FAILING, at=facts.down_since, code=facts.down_why)
    elif facts.places_down:
        yield Cause(Kind.PLACES_DOWN, Word.TROUBLED, f"{facts.places_down}")
    elif facts.due_since and facts.approved and facts.due_since < now - LATE:
        yield Cause(Kind.LATE, Word.TROUBLED, at=facts.due_since)
    if facts.parked.number:
        yield Cause(Kind.PARKED, Word.TROUBLED, f"{facts.parked}")


def _launches(facts: Facts, _: datetime) -> Iterator[Cause]:
    worked, refused, _unsigned = _sums(facts.days[-LATELY:])
    succeeded, of_week, unproven = facts.week
    code = "" if unproven else facts.last.refusal  # else it may be a stranger's: of the last refusal no more is known
    if not worked and refused >= SEVERAL:
        yield Cause(Kind.ALL_REFUSED, Word.FAILING, f"{refused}", code=code)
    elif of_week >= FEW and of_week >= SHARE * (succeeded + of_week):
        yield Cause(Kind.REFUSED, Word.TROUBLED, f"{of_week}", f"{succeeded + of_week}", code=code)
    if unproven >= STRANGE and unproven > succeeded:
        yield Cause(Kind.UNPROVEN, Word.TROUBLED, f"{unproven}")


def _keys(facts: Facts, now: datetime) -> Iterator[Cause]:
    """Judge keys. Keys that were fetched once are trusted for one more day."""
    keys = facts.keys
    if not facts.fetches_keys or not keys.fails:
        return
    if keys.worked_at is None or keys.worked_at < now - STALE:
        yield Cause(Kind.NO_KEYS, Word.FAILING, at=keys.failed_at, code=keys.code)
    else:
        yield Cause(Kind.KEYS_FAIL, Word.TROUBLED, at=keys.failed_at, code=keys.code)


def _token(facts: Facts, _: datetime) -> Iterator[Cause]:
    if facts.token.fails:
        yield Cause(Kind.NO_TOKEN, Word.TROUBLED, at=facts.token.failed_at, code=facts.token.code)


def _clock(facts: Facts, _: datetime) -> Iterator[Cause]:
    if facts.skew is not None and abs(facts.skew) > MAX_SKEW.total_seconds():
        yield Cause(Kind.SKEW, Word.TROUBLED, f"{abs(facts.skew):.0f}", "ahead" if facts.skew > 0 else "behind")


def _use(facts: Facts, now: datetime) -> Iterator[Cause]:
    """Nothing is wrong: judge only whether it is used."""
    launched = facts.last.launched_at
    if launched is None:
        yield Cause(Kind.NEVER, Word.NEW)
    elif launched < now - UNUSED:
        yield Cause(Kind.QUIET, Word.QUIET, at=launched)


def _sums(days: tuple[LaunchDay, ...]) -> tuple[int, int, int]:
    return sum(day.succeeded for day in days), sum(day.refused for day in days), sum(day.unproven for day in days)
