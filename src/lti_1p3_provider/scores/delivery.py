"""Sends what is due: claim rows, read each learner's grades once, post, note what the platform said.

Platforms and their courses are served side by side, the scores of one course one after another.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.scores import outages, outbox, post, retry, tallies
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.retry import Decision
from lti_1p3_provider.scores.wire import Wire

BATCH = 100
FEWEST = 10  # rows of one platform in a batch, however many platforms there are
MOST_BATCHES = 10_000
RENEW = outbox.LEASE.total_seconds() / 3

log = logging.getLogger(__name__)

Grades = Mapping[int, Grade | Decision | None]


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
    """One run of ``deliver_due``: its report, and what it learned about platforms, by registration."""

    report: Report = field(default_factory=Report)
    counts: tallies.Counts = field(default_factory=Counter)
    strikes: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    down: set[int] = field(default_factory=set)
    probing: set[int] = field(default_factory=set)


def deliver_due() -> Report:
    """Deliver all scores that are due now; safe to run in any number of workers at once."""
    run = Run()
    if conf.enabled:
        with Wire() as wire:
            for _ in range(MOST_BATCHES):
                rows = _claim(run)
                if not rows:
                    break
                _deliver(rows, run, wire)
                tallies.add(run.counts)
    return run.report


def _claim(run: Run) -> list[PendingScore]:
    """Take a batch from all platforms that are due; from one that was down, a single score to try."""
    down = outages.of_all()
    due = [pk for pk in outbox.due_registrations() if pk not in run.down]
    share = max(FEWEST, BATCH // max(1, len(due)))
    rows: list[PendingScore] = []
    for pk in due:
        if pk in down:
            if down[pk] > timezone.now() or not outages.try_one(pk, down[pk]):
                continue
            run.probing.add(pk)
        rows += outbox.claim(pk, 1 if pk in run.probing else share)
        if len(rows) >= BATCH:
            break
    return rows


def _deliver(rows: list[PendingScore], run: Run, wire: Wire) -> None:
    try:
        grades = _grades_of(rows)
        lanes = groupby(sorted(rows, key=lambda row: row.lane_id), key=lambda row: row.lane_id)
        wire.have([_lane(list(lane), grades, run) for _, lane in lanes])
    finally:
        outbox.release_lanes(rows)


def _lane(rows: list[PendingScore], grades: Grades, run: Run) -> Exchange[None]:
    """Send one course's scores, one after another; one bad row does not stop the others."""
    renewed = time.monotonic()
    for number, row in enumerate(rows):
        if row.registration_id in run.down:
            outbox.put_back(row)
            continue
        if time.monotonic() > renewed + RENEW:
            outbox.renew(rows[number:])
            renewed = time.monotonic()
        grade = grades[row.pk]
        try:
            decision = grade if isinstance(grade, Decision) else (yield from post.score(row, grade))
        except Exception as error:  # a poisoned row must not keep a thousand good ones
            decision = _failed(row, error)
        _note(row, decision, None if isinstance(grade, Decision) else grade, run)


def _failed(row: PendingScore, error: Exception) -> Decision:
    if not isinstance(error, LtiError):
        log.exception("LTI scores: row %s failed", row.pk)
        error = LtiError(type(error).__name__)
    return retry.of_error(error, row.attempts, timezone.now())


def _grades_of(rows: list[PendingScore]) -> Grades:
    """Return each row's grade; a decision where it cannot be read, None where the LMS has none to send."""
    found: dict[int, Grade | Decision | None] = {}
    for row in rows:
        if row.earned is not None and row.possible:
            found[row.pk] = Grade(row.earned, row.possible)
    unknown = sorted((row for row in rows if row.pk not in found), key=_learner_and_course)
    for _, group in groupby(unknown, key=_learner_and_course):
        found |= _read(list(group))
    return found


def _learner_and_course(row: PendingScore) -> tuple[int, str]:
    return row.platform_user.user_id, row.line_item.course_key


def _read(rows: list[PendingScore]) -> Grades:
    """One learner's due scores in one course share one reading of grades; if it fails, each is read alone."""
    try:
        grades = _fresh(rows)
    except Exception as error:  # the LMS's own failure, or one row's
        if len(rows) == 1:
            return {rows[0].pk: _failed(rows[0], error)}
        return {pk: grade for row in rows for pk, grade in _read([row]).items()}
    return {row.pk: grades.get(row.line_item.usage_key) for row in rows}


def _fresh(rows: Iterable[PendingScore]) -> Mapping[str, Grade]:
    """Return fresh grades by usage key."""
    first, *_rest = rows = list(rows)
    course_key = CourseKey.from_string(first.line_item.course_key)
    wanted = {UsageKey.from_string(row.line_item.usage_key).map_into_course(course_key) for row in rows}
    found = host.current().grades.read(first.platform_user.user_id, course_key, wanted)
    return {str(key): grade for key, grade in found.items()}


def _note(row: PendingScore, decision: Decision, grade: Grade | None, run: Run) -> None:
    """Write the decision down, and what it says of the platform."""
    report = run.report
    _judge(row.registration_id, decision, run)
    if decision.delivered and grade is not None:
        outbox.delivered(row, grade.earned, grade.possible, decision.answer)
        report.delivered += 1
        run.counts[row.registration_id, "delivered"] += 1
    elif decision.retry_at is not None:
        outbox.again(row, decision.retry_at, decision.answer)
        wait = (decision.retry_at - timezone.now()).total_seconds()
        report.next_in = wait if report.next_in is None else min(report.next_in, wait)
        report.postponed += 1
        run.counts[row.registration_id, "postponed"] += 1
    elif decision.parked:
        outbox.parked(row, decision.parked, decision.answer)
        report.parked += 1
        run.counts[row.registration_id, "parked"] += 1
    else:
        outbox.settled(row, decision.answer)
        report.settled += 1


def _judge(registration_pk: int, decision: Decision, run: Run) -> None:
    """Decide whether the platform as a whole is down, or up again."""
    if not decision.strikes:
        run.strikes[registration_pk] = 0
        if registration_pk in run.probing and (decision.delivered or decision.parked):
            run.probing.discard(registration_pk)
            outages.end(registration_pk)
        return
    run.strikes[registration_pk] += decision.strikes
    tried = registration_pk in run.probing
    if registration_pk not in run.down and (tried or run.strikes[registration_pk] >= retry.OUTAGE):
        run.down.add(registration_pk)
        run.probing.discard(registration_pk)
        outages.begin(registration_pk, decision.answer, decision.asked)
