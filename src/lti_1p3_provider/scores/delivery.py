"""Sends what is due: claim rows, read each learner's grades once, post, note what the platform said.

Platforms and their courses are served side by side, the scores of one course one after another.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import groupby

from django.db import DatabaseError
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.scores import claiming, due, outages, outbox, post, recipients, retry
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import Outcome
from lti_1p3_provider.scores.retry import Decision
from lti_1p3_provider.scores.run import Report, Run
from lti_1p3_provider.scores.wire import Wire

BATCH = 200
FEWEST = 10  # rows of one platform in a batch, however many platforms there are
MOST_IDLE = 10  # rounds in which only others have something to do
MOST_ROUNDS = 100  # then another message's turn is due: Celery's brokers give one back that takes an hour
CHECK = 1.0  # seconds between two looks whether the platform is still switched on
RENEW = 1 / 3  # of a lease
SWITCHED_OFF = Decision("the account is switched off here; the platform keeps what it has")

log = logging.getLogger(__name__)

Grades = Mapping[int, Grade | Decision | None]


def deliver_due() -> Report:
    """Deliver all scores that are due now; safe to run in any number of workers at once."""
    run = Run()
    if conf.enabled:
        with Wire() as wire:
            idle = 0
            for _ in range(MOST_ROUNDS):
                busy, was_all = _round(run, wire)
                idle = 0 if busy else idle + 1
                if idle and (was_all or idle > MOST_IDLE):
                    break
            else:
                run.report.next_in = 0.0
            run.finish()
    return run.report


def _round(run: Run, wire: Wire) -> tuple[bool, bool]:
    """Deliver what is due, as of now, or as much as there is time for; return whether there was something, and whether
    these were all platforms.

    Nobody is always the first: a batch has room for so many platforms.
    """
    found, is_all = due.registrations()
    waiting = {pk: found[pk] for pk in random.sample(list(found), len(found)) if pk not in run.down}
    busy, end = False, time.monotonic() + conf.http_timeout
    while waiting and time.monotonic() < end:
        rows = _claim(waiting, run)
        if rows:
            busy = True
            _deliver(rows, run, wire)
    return busy, is_all


def _claim(waiting: dict[int, str], run: Run) -> list[PendingScore]:
    """Take a batch from all platforms that are due; from one that was down, a single score to try.

    Platforms that have nothing more are left out of ``waiting``.
    """
    down = outages.of_all()
    share = max(FEWEST, BATCH // len(waiting))
    rows: list[PendingScore] = []
    for pk, platform in list(waiting.items()):
        if pk in run.down or (pk in down and pk not in run.probing and not _may_try(pk, down[pk], run)):
            del waiting[pk]
            continue
        try:
            claimed = claiming.claim(pk, 1 if pk in run.probing else share, preset(platform).score_interval)
        except BaseException:
            _give_back(rows, run, outbox.put_back)
            raise
        if not claimed:
            del waiting[pk]
            if pk in run.probing:  # nothing was tried: another worker sends in these courses
                run.probing.discard(pk)
                outages.leave(pk)
        rows += claimed
        if len(rows) >= BATCH:
            break
    return rows


def _may_try(pk: int, until: datetime, run: Run) -> bool:
    """Whether this worker may try a score on a platform that was down."""
    if until > timezone.now() or not outages.try_one(pk, until):
        return False
    run.probing.add(pk)
    return True


def _deliver(rows: list[PendingScore], run: Run, wire: Wire) -> None:
    try:
        grades = _grades_of(rows)
        lanes = groupby(sorted(rows, key=lambda row: row.lane_id), key=lambda row: row.lane_id)
        wire.have([_lane(list(lane), grades, run) for _, lane in lanes])
    except BaseException:
        _give_back(rows, run, outbox.let_go)
        raise
    finally:
        run.add_up()
    run.write_down()


def _give_back(rows: list[PendingScore], run: Run, how: Callable[[PendingScore], Outcome]) -> None:
    """After an error of our own, let others have what was claimed and not concluded, if the database still answers."""
    concluded = {row.pk for row, _ in run.notes}
    with suppress(DatabaseError):
        for row in rows:
            if row.pk not in concluded:
                run.notes.append((row, how(row)))
        run.write_down()
        claiming.release_lanes(rows)


def _lane(rows: list[PendingScore], grades: Grades, run: Run) -> Exchange[None]:
    """Send one course's scores, one after another; one bad row does not stop the others.

    Whoever has taken as long as one request may take puts back what is left: others wait for the batch to end.
    """
    began = renewed = time.monotonic()
    checked, people = 0.0, recipients.NOBODY
    for number, row in enumerate(rows):
        now = time.monotonic()
        if now > checked + CHECK:
            checked = now
            (run.off.discard if claiming.is_open(row) else run.off.add)(row.lane_id)
            people = recipients.of(rows[number:])
        if row.platform_user_id not in people:
            continue
        if row.registration_id in run.down or row.lane_id in run.off or now > began + conf.http_timeout:
            run.note(row, outbox.put_back(row))
            continue
        if now > renewed + RENEW * conf.lease:
            renewed = now
            claiming.renew(rows[number:])
        grade = grades[row.pk] if people[row.platform_user_id] else SWITCHED_OFF
        try:
            decision = grade if isinstance(grade, Decision) else (yield from post.score(row, grade))
        except Exception as error:  # a poisoned row must not keep a thousand good ones
            decision = _failed(row, error)
        run.conclude(row, decision, None if isinstance(grade, Decision) else grade)
    claiming.release_lanes(rows)  # now: another lane of the batch may wait for a platform that does not answer


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
