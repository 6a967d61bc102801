"""Sends what is due: claim rows, read each learner's grades once, send, note what the platform said.

Platforms and their courses are served side by side, the scores of one course one after another.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby

from django.db import DatabaseError
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.scores.delivery import patience, send
from lti_1p3_provider.scores.delivery.conversations import THREADS, Wire
from lti_1p3_provider.scores.delivery.grades import END, Grades, failed, grades_of
from lti_1p3_provider.scores.delivery.ledger import Report, Run
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import claim, due, moving, outages, outcomes, recipients, retry
from lti_1p3_provider.scores.outbox.outcomes import Outcome
from lti_1p3_provider.scores.outbox.retry import Decision
from lti_1p3_provider.scores.reasons import Reason, Why

BATCH = 200
MIN_ROWS = 10  # rows of one platform in a batch, however many platforms there are
MAX_TRIED = 8  # deployments of one registration that are tried at a time
MAX_IDLE = 10  # rounds in which only others have something to do
MAX_ROUNDS = 100  # then another message's turn is due: Celery's brokers give one back that takes an hour
CHECK = 1.0  # seconds between two looks whether the platform is still switched on
RENEW = 1 / 3  # of a lease
ACCOUNT_OFF = Decision(Why(Reason.ACCOUNT_OFF))  # the platform keeps what it has

log = logging.getLogger(__name__)


def deliver_due() -> Report:
    """Deliver all scores that are due now; safe to run in any number of workers at once."""
    run = Run()
    if conf.enabled:
        with Wire() as wire:
            idle = 0
            for _ in range(MAX_ROUNDS):
                busy, was_all = _round(run, wire)
                idle = 0 if busy else idle + 1
                if idle and (was_all or idle > MAX_IDLE):
                    break
            else:
                run.report.next_in = 0.0
            run.finish()
    return run.report


def _round(run: Run, wire: Wire) -> tuple[bool, bool]:
    """Deliver what is due now, or as much of it as there is time for; return whether anything was due, and whether all
    platforms were considered.

    The order of platforms is random, because a batch has room for only so many of them.
    """
    moved = moving.go_on()
    found, is_all = due.registrations()
    waiting = {pk: found[pk] for pk in random.sample(list(found), len(found)) if pk not in run.down}
    busy, end = moved, time.monotonic() + conf.http_timeout
    while waiting and time.monotonic() < end:
        rows = _claim(waiting, run)
        if rows:
            busy = True
            _deliver(rows, run, wire)
    return busy, is_all


def _claim(waiting: dict[int, str], run: Run) -> list[PendingScore]:
    """Take a batch from all platforms with due scores. From a platform that was down, take one score, as a try.

    Platforms that have nothing more are removed from ``waiting``.
    """
    down = outages.of_all()
    run.look()
    share = max(MIN_ROWS, BATCH // len(waiting))
    rows: list[PendingScore] = []
    for pk, platform in list(waiting.items()):
        if pk in run.down or (pk in down and pk not in run.probing and not run.may_try(pk, down[pk])):
            del waiting[pk]
            continue
        try:
            claimed = _of_registration(pk, 1 if pk in run.probing else share, preset(platform).score_interval, run)
        except BaseException:
            _give_back(rows, run, outcomes.release_unsent)
            raise
        if not claimed:
            del waiting[pk]
            if pk in run.probing:  # nothing was tried: another worker sends in these courses
                run.probing.discard(pk)
                outages.leave(pk)
        rows += claimed
        if len(rows) >= BATCH or len({row.registration_id for row in rows}) >= THREADS:  # each has a thread
            break
    return rows


def _of_registration(pk: int, limit: int, interval: float, run: Run) -> list[PendingScore]:
    """Take due rows of deployments that take scores, and one row, as a try, of some that may take them again."""
    whole = {place: until for place, until in run.places.items() if place.registration == pk and not place.host}
    rows = claim.claim(pk, limit, interval, {place.deployment for place in whole})
    try:
        over = [
            place
            for place, until in whole.items()
            if until <= timezone.now() and place not in {*run.found, *run.probed}
        ]
        under_way = [place for place in whole if place in run.probed]  # the one before had nothing to send
        for place in (*under_way, *random.sample(over, min(len(over), MAX_TRIED))):
            if place in run.probed or run.may_try(place, whole[place]):
                tried = claim.claim(pk, 1, interval, only=place.deployment)
                rows += tried
                if not tried:  # as above
                    run.probed.discard(place)
                    outages.leave(place)
    except BaseException:
        _give_back(rows, run, outcomes.release_unsent)
        raise
    return rows


def _deliver(rows: list[PendingScore], run: Run, wire: Wire) -> None:
    try:
        grades = grades_of(rows)
        ordered = groupby(sorted(rows, key=lambda row: row.lane_id), key=lambda row: row.lane_id)
        lanes, began = [list(lane) for _, lane in ordered], time.monotonic()
        wire.have([_lane(lane, grades, run, began) for lane in lanes], [lane[0].registration_id for lane in lanes])
    except BaseException:
        _give_back(rows, run, outcomes.release_unknown)
        raise
    finally:
        run.add_up()
    run.write_down()


def _give_back(rows: list[PendingScore], run: Run, how: Callable[[PendingScore], Outcome]) -> None:
    """After an error of our own, give back what was claimed but not concluded, if the database still answers."""
    concluded = {row.pk for row, _ in run.notes}
    with suppress(DatabaseError):
        for row in rows:
            if row.pk not in concluded:
                run.notes.append((row, how(row)))
        run.write_down()
        claim.release_lanes(rows)


def _lane(rows: list[PendingScore], grades: Grades, run: Run, began: float | None = None) -> Exchange[None]:
    """Send one course's scores, one after another; one bad row does not stop the others.

    Once a batch, which started at ``began``, has taken as long as one request may take, the rest is put back, because
    others wait for the batch to end.
    """
    renewed = time.monotonic()
    began = renewed if began is None else began
    checked, people = 0.0, recipients.NOBODY
    for number, row in enumerate(rows):
        now = time.monotonic()
        if now > checked + CHECK:
            checked = now
            (run.off.discard if claim.is_open(row) else run.off.add)(row.lane_id)
            people = recipients.of(rows[number:])
        if row.platform_user_id not in people:
            continue
        if row.lane_id in run.off or now > began + conf.http_timeout:
            run.note(row, outcomes.release_unsent(row))
            continue
        if (held := run.waits(row)) is not None:
            run.note(row, held)
            continue
        if now > renewed + RENEW * conf.lease:
            renewed = now
            claim.renew(rows[number:])
        grade = grades[row.pk] if people[row.platform_user_id] else ACCOUNT_OFF
        run.note(row, (yield from _outcome(row, grade, run)))
    claim.release_lanes(rows)  # now: another lane of the batch may wait for a platform that does not answer


def _outcome(row: PendingScore, grade: Grade | Decision | None, run: Run) -> Exchange[Outcome]:
    """Send one row and return what to write into it.

    Any exception on the way, whether a platform's answer or our own code caused it, concerns this row only: one bad
    row must not hold up a thousand good ones.
    """
    began = time.monotonic()
    try:
        try:
            decision = grade if isinstance(grade, Decision) else (yield from patience.within(send.score(row, grade)))
        except END:
            raise
        except BaseException as error:
            decision = failed(row, error)
        return run.conclude(row, decision, None if isinstance(grade, Decision) else grade, time.monotonic() - began)
    except END:
        raise
    except BaseException as error:
        log.error("LTI scores: what became of row %s could not be judged: %s", row.pk, traced(error))
        return run.outcome(row, retry.of_accident(type(error).__name__, row.attempts, timezone.now()), None)
