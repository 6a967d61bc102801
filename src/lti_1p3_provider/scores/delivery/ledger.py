"""The books of one delivery run: what became of scores, and what that says about their platforms."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.scores.delivery import patience
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outages, outcomes, tallies
from lti_1p3_provider.scores.outbox.outages import Place
from lti_1p3_provider.scores.outbox.outcomes import Outcome
from lti_1p3_provider.scores.outbox.retry import Decision
from lti_1p3_provider.scores.reasons import Reason, Why

WRITE = 0.1  # seconds after which a result is written down; what dies with the worker before is sent again
TRIES, PAUSE = 20, 0.1  # seconds between tries to write down, at the end, what somebody holds
HOLD = 5.0  # seconds for which others wait while one score is tried at their host

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Report:
    """What one run did. ``next_in``: seconds until the first postponed score is due again."""

    delivered: int = 0
    settled: int = 0
    postponed: int = 0
    parked: int = 0
    next_in: float | None = None


@dataclass(slots=True)
class Run:
    """One run of ``deliver_due``: its report; what it learned about registrations (``down``, ``probing``), places and
    lanes; and results that are still to be written. Several are written at once, because a commit costs as much as a
    request.

    ``places``: places that are left alone, and until when. ``found``: those that this run found, from which it takes
    nothing more. ``probed``: places at which it tries one score.
    """

    report: Report = field(default_factory=Report)
    counts: tallies.Counts = field(default_factory=Counter)
    down: set[int] = field(default_factory=set)
    probing: set[int] = field(default_factory=set)
    places: dict[Place, datetime] = field(default_factory=dict)
    found: dict[Place, datetime] = field(default_factory=dict)
    probed: set[Place] = field(default_factory=set)
    healthy: set[Place] = field(default_factory=set)
    off: set[int] = field(default_factory=set)
    notes: list[tuple[PendingScore, Outcome]] = field(default_factory=list)
    written_at: float = field(default_factory=time.monotonic)

    def waits(self, row: PendingScore) -> Outcome | None:
        """Return what to write into a row whose place is left alone; None for a row that should be tried."""
        if row.registration_id in self.down:
            return outcomes.release_unsent(row)
        place = outages.place_of(row)
        if place.whole in self.places and place.whole not in self.probed:
            return outcomes.release_unsent(row)
        until = self.places.get(place)
        if until is None or (place not in self.probed and place not in self.found and self.may_try(place, until)):
            return None
        # Claiming knows deployments, not hosts: without this the row would be claimed again and again.
        return self._held(row, max(until, timezone.now() + timedelta(seconds=HOLD)))

    def look(self) -> None:
        """Read which places are left alone."""
        self.places = {**outages.of_places(), **self.found}

    def may_try(self, where: int | Place, until: datetime) -> bool:
        """Whether this worker may try a score at a place or registration that was left alone ``until`` now."""
        if until > timezone.now() or not outages.try_one(where, until):
            return False
        if isinstance(where, int):
            self.probing.add(where)
        else:
            self.probed.add(where)
        return True

    def conclude(self, row: PendingScore, decision: Decision, grade: Grade | None, seconds: float = 0.0) -> Outcome:
        """Record a decision about a row: what it says about the platform, how it counts; return what to write.

        ``seconds``: how long it took.
        """
        try:
            self._judge(row, decision, seconds)
        except Exception as error:  # what the platform made of the score counts all the same
            log.error("LTI scores: what row %s says of its platform is lost: %s", row.pk, traced(error))
        return self.outcome(row, decision, grade)

    def note(self, row: PendingScore, outcome: Outcome) -> None:
        """Keep what became of a row, to be written down soon."""
        self.notes.append((row, outcome))
        if time.monotonic() > self.written_at + WRITE:
            self.write_down()

    def write_down(self) -> None:
        """Write down what became of rows; rows that another transaction holds right now stay for the next time."""
        self.notes = outcomes.write_down(self.notes)
        self.written_at = time.monotonic()

    def finish(self) -> None:
        """Write down what is left. A row that stays locked is sent once more when its lease is over."""
        for _ in range(TRIES):
            self.write_down()
            if not self.notes:
                return
            time.sleep(PAUSE)

    def add_up(self) -> None:
        """Add to the day's counts."""
        tallies.add(self.counts)

    def outcome(self, row: PendingScore, decision: Decision, grade: Grade | None) -> Outcome:
        """Return how to write a decision down; count it."""
        why, retry_at, report = decision.why, decision.retry_at, self.report
        if decision.delivered and grade is not None:
            report.delivered += 1
            self.counts[row.registration_id, "delivered"] += 1
            return outcomes.delivered(row, grade.earned, grade.possible, why)
        if retry_at is not None:
            wait = (retry_at - timezone.now()).total_seconds()
            report.next_in = wait if report.next_in is None else min(report.next_in, wait)
            report.postponed += 1
            self.counts[row.registration_id, "postponed"] += 1
            return outcomes.again(row, retry_at, why)
        if decision.given_up:
            report.parked += 1
            self.counts[row.registration_id, "parked"] += 1
            return outcomes.give_up(row, why)
        report.settled += 1
        return outcomes.settled(row, why)

    def _judge(self, row: PendingScore, decision: Decision, seconds: float) -> None:
        """Decide whether an outage begins or ends where this score goes.

        Slow answers count like failures, except for a score that was sent to find out whether an outage is over.
        """
        place = outages.place_of(row)
        was_tried = self._tried(place) is not None or place.registration in self.probing
        if decision.strikes:
            self._failed(place, decision)
        elif decision.delivered and patience.is_slow(seconds) and not was_tried:
            self._failed(place, Decision(Why(Reason.SLOW, detail=f"{seconds:.0f} s"), strikes=1))
        elif decision.delivered or decision.given_up:
            self._answered(place)
        elif place.host and place in self.probed:  # there was nothing to try it with
            self.probed.discard(place)
            outages.leave(place)

    def _failed(self, place: Place, decision: Decision) -> None:
        registration, tried = place.registration, self._tried(place)
        is_all = registration in self.probing
        if tried or (not {place, place.whole} & self.found.keys() and outages.strike(place, decision.strikes)):
            begun, until = outages.begin_at(place, decision.why, decision.asked)
            self.places[begun] = self.found[begun] = until
            is_all = is_all or (registration not in self.down and outages.is_widespread(registration))
        if is_all:
            self._leave_alone(registration, decision)
        self.probing.discard(registration)
        self.probed -= {place, place.whole}
        self.healthy.discard(place)

    def _leave_alone(self, registration: int, decision: Decision) -> None:
        self.down.add(registration)
        outages.begin(registration, decision.why, decision.asked)

    def _answered(self, place: Place) -> None:
        tried = self._tried(place)
        if place not in self.healthy:
            self.healthy.add(place)
            outages.forgive(place)
        if tried is not None:
            self.probed.discard(tried)
            self.places.pop(tried, None)
            outages.end(tried)
        if tried is not None or place.registration in self.probing:
            self.probing.discard(place.registration)
            outages.end_whole(place.registration)

    def _held(self, row: PendingScore, until: datetime) -> Outcome:
        wait = (until - timezone.now()).total_seconds()
        self.report.next_in = wait if self.report.next_in is None else min(self.report.next_in, wait)
        return outcomes.hold(row, until)

    def _tried(self, place: Place) -> Place | None:
        """Return the outage that a row's answer decides about."""
        return next((one for one in (place.whole, place) if one in self.probed), None)
