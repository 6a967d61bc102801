"""The books of one delivery run: what became of scores, and what that says of their platforms."""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone

from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.scores import outages, outbox, tallies
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import Outcome
from lti_1p3_provider.scores.retry import Decision

WRITE = 0.1  # seconds after which a result is written down; what dies with the worker before is sent again
TRIES, PAUSE = 20, 0.1  # seconds between tries to write down, at the end, what somebody holds

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
    """One run of ``deliver_due``: its report, what it learned about platforms (by registration) and lanes, and what is
    to be written down of rows: for some at a time, because a commit costs as much as a request."""

    report: Report = field(default_factory=Report)
    counts: tallies.Counts = field(default_factory=Counter)
    down: set[int] = field(default_factory=set)
    probing: set[int] = field(default_factory=set)
    healthy: set[int] = field(default_factory=set)
    off: set[int] = field(default_factory=set)
    notes: list[tuple[PendingScore, Outcome]] = field(default_factory=list)
    written_at: float = field(default_factory=time.monotonic)

    def conclude(self, row: PendingScore, decision: Decision, grade: Grade | None) -> Outcome:
        """Take a decision about a row: what it says of the platform, how it counts; return what is to be written."""
        try:
            self._judge(row.registration_id, decision)
        except Exception:  # what the platform made of the score counts all the same
            log.exception("LTI scores: what row %s says of its platform is lost", row.pk)
        return self.outcome(row, decision, grade)

    def note(self, row: PendingScore, outcome: Outcome) -> None:
        """Keep what became of a row, to be written down soon."""
        self.notes.append((row, outcome))
        if time.monotonic() > self.written_at + WRITE:
            self.write_down()

    def write_down(self) -> None:
        """Write down what became of rows; of those that somebody holds right now, the next time."""
        self.notes = outbox.write_down(self.notes)
        self.written_at = time.monotonic()

    def finish(self) -> None:
        """Write down what is left. A row that stays held is sent once more when its lease is over."""
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
        answer, retry_at, parked, report = decision.answer, decision.retry_at, decision.parked, self.report
        if decision.delivered and grade is not None:
            report.delivered += 1
            self.counts[row.registration_id, "delivered"] += 1
            return outbox.delivered(row, grade.earned, grade.possible, answer)
        if retry_at is not None:
            wait = (retry_at - timezone.now()).total_seconds()
            report.next_in = wait if report.next_in is None else min(report.next_in, wait)
            report.postponed += 1
            self.counts[row.registration_id, "postponed"] += 1
            return outbox.again(row, retry_at, answer)
        if parked:
            report.parked += 1
            self.counts[row.registration_id, "parked"] += 1
            return outbox.parked(row, parked, answer)
        report.settled += 1
        return outbox.settled(row, answer)

    def _judge(self, registration_pk: int, decision: Decision) -> None:
        """Decide whether the platform as a whole is down, or up again."""
        tried = registration_pk in self.probing
        if decision.strikes:
            if registration_pk not in self.down and (tried or outages.strike(registration_pk, decision.strikes)):
                self.down.add(registration_pk)
                outages.begin(registration_pk, decision.answer, decision.asked)
            self.probing.discard(registration_pk)
            self.healthy.discard(registration_pk)
        elif (decision.delivered or decision.parked) and registration_pk not in self.healthy:
            self.healthy.add(registration_pk)
            outages.forgive(registration_pk)
            if tried:
                self.probing.discard(registration_pk)
                outages.end(registration_pk)
