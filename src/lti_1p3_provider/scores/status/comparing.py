"""The course team's comparison. A worker asks the platforms of a course what they show, sends again what they lost, and
keeps the result for the page, in the cache.

Each course is compared by one worker at a time. The result may get lost with the cache: then somebody presses the
button again.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import store
from lti_1p3_provider.scores.gradebook import missing
from lti_1p3_provider.scores.gradebook.reconcile import Trouble, read_back
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import wake
from lti_1p3_provider.scores.reasons import Why, named
from lti_1p3_provider.scores.status.course_page import rows_of
from lti_1p3_provider.scores.status.sentence import Sentence
from lti_1p3_provider.scores.status.unanswered import Unanswered, described

MAX_ROWS = 5000  # scores that are compared at once
MAX_TROUBLES = 50  # columns that a page names
PATIENCE = 300.0  # seconds after which no further column is asked
MAX_SILENCE = 900  # seconds after which a worker that said nothing is thought dead
PAUSE = 60  # seconds between the end of a comparison and the next
KEPT = 7 * 24 * 3600  # seconds for which a page shows what was found

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What a comparison found. ``at``: when it began; ``is_over`` is False while it runs, and of one that died.
    ``is_more``: the course has more scores than were compared."""

    at: datetime
    is_over: bool = False
    compared: int = 0
    same: int = 0
    missing: int = 0
    resent: int = 0
    different: int = 0
    is_more: bool = False
    troubles: tuple[Trouble, ...] = ()

    @property
    def heading(self) -> str:
        """When it was, and how many scores were compared."""
        text = ngettext("Compared at {time}: %s score.", "Compared at {time}: %s scores.", self.compared)
        return Sentence(text % self.compared, {"time": self.at}).html

    @property
    def sentences(self) -> list[str]:
        """What was found, in plain words, as far as there is something to say."""
        said = [
            (self.same, ngettext("%s is there as it was sent.", "%s are there as they were sent.", self.same)),
            (
                self.resent,
                ngettext(
                    "%s was not there any more and is sent again.",
                    "%s were not there any more and are sent again.",
                    self.resent,
                ),
            ),
            (
                self.not_resent,
                ngettext(
                    "%s seems not to be there, but was not sent again: that is not certain, or a newer grade is on "
                    "its way.",
                    "%s seem not to be there, but were not sent again: that is not certain, or newer grades are on "
                    "their way.",
                    self.not_resent,
                ),
            ),
        ]
        return [text % number for number, text in said if number]

    @property
    def about_different(self) -> str:
        """Say that grades were changed on the platform; empty if none was."""
        said = ngettext(
            "%s has another grade there, perhaps because a teacher changed it. It stays as it is there.",
            "%s have other grades there, perhaps because a teacher changed them. They stay as they are there.",
            self.different,
        )
        return said % self.different if self.different else ""

    @property
    def not_resent(self) -> int:
        """Scores that seem to be missing, but were not sent again."""
        return max(self.missing - self.resent, 0)

    @property
    def unanswered(self) -> list[Unanswered]:
        """The columns that were not compared."""
        return described(self.troubles)


def begin(course_key: CourseKey) -> bool:
    """Have a worker compare, unless one is comparing or did so a moment ago; return whether it will.

    Raises:
        StateStoreDown
    """
    if not store.add(_name("compares", course_key), MAX_SILENCE):
        return False
    _keep(course_key, Found(timezone.now()))
    wake.compare_later(course_key)
    return True


def compare(course_key: CourseKey) -> Found:
    """Compare what was sent longest ago without being looked at since, and send again what was lost."""
    began = timezone.now()
    try:
        rows = rows_to_compare(course_key)
        is_more = rows[: MAX_ROWS + 1].count() > MAX_ROWS
        done = read_back(rows[:MAX_ROWS], PATIENCE)
        resent = missing.send_again(done.lost)
        figures = {"missing": done.missing, "resent": resent, "different": done.different}
        found = Found(began, True, done.answered, done.same, **figures, is_more=is_more, troubles=done.troubles)
        _keep(course_key, found)
        return found
    finally:
        with suppress(StateStoreDown):
            store.put(_name("compares", course_key), 1, PAUSE)


def rows_to_compare(course_key: CourseKey) -> QuerySet[PendingScore]:
    """Return the scores that platforms have as far as we know, those first that were compared longest ago."""
    sent = rows_of(course_key).sent()
    return sent.order_by(F("result_at").asc(nulls_first=True), "line_item_id", "pk")


def last(course_key: CourseKey) -> Found | None:
    """Return the result of the last comparison of a course, if it is known; None if its worker died."""
    try:
        kept: dict[str, Any] | None = store.get(_name("compared", course_key))
        if kept is None:
            return None
        troubles = tuple(_trouble(one) for one in kept["troubles"])
        found = Found(**{**kept, "at": datetime.fromisoformat(kept["at"]), "troubles": troubles})
        is_dead = not found.is_over and timezone.now() - found.at > timedelta(seconds=MAX_SILENCE)
        return None if is_dead else found
    except (StateStoreDown, KeyError, TypeError, ValueError):  # also one that another version kept
        return None


def _keep(course_key: CourseKey, found: Found) -> None:
    some = found.troubles[:MAX_TROUBLES]
    kept = {**asdict(found), "at": found.at.isoformat(), "troubles": [_as_kept(one) for one in some]}
    try:
        store.put(_name("compared", course_key), kept, KEPT)
    except StateStoreDown:
        log.warning("LTI scores: what the comparison of %s found is not kept", course_key)


def _as_kept(trouble: Trouble) -> dict[str, Any]:
    """Return the result in a form that every version can read."""
    return {**asdict(trouble), "why": (trouble.why.reason.value, trouble.why.status, trouble.why.detail)}


def _trouble(kept: dict[str, Any]) -> Trouble:
    reason, status, detail = kept["why"]
    return Trouble(**{**kept, "why": Why(named(reason), status, detail)})


def _name(what: str, course_key: CourseKey) -> str:
    return f"lti1p3:{what}:{digest(str(course_key))}"
