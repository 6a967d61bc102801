"""Learners' own requests while scores are sent: neither waits for the other, and no answer gets lost between them."""

from __future__ import annotations

import time

import pytest
from django.db import connections, transaction
from django.utils import timezone

from demo.lms.models import BlockState
from tests.connection import OTHER_PROBLEM, PROBLEM, SUBSECTION, UNIT

from .processes import LmsError
from .site import FRESH, SITE


def answers(course, sub, block, earned):
    return {"user": course.learners[sub], "block": block, "earned": earned, "possible": 10}


def test_long_requests_hold_rows_that_are_to_be_sent(site, platform):
    """Each holds its rows, in its own order, while all others are sent. A second of waiting would be an error."""
    blocks = [(block, "") for block in (PROBLEM, OTHER_PROBLEM, UNIT, SUBSECTION)]
    course = site.course(platform, 24, blocks)
    slow = course.subs[:6]
    with site.load(course, besides=slow):
        for points in range(1, 5):
            calls = []
            for number, sub in enumerate(slow):
                first, then = (PROBLEM, OTHER_PROBLEM) if number % 2 else (OTHER_PROBLEM, PROBLEM)
                name = f"{sub}-{points}"
                order = {"name": name, "first": [answers(course, sub, first, points)]}
                calls.append((name, site.lms.call("hold", **order, then=[answers(course, sub, then, points + 1)])))
                site.lms.call("await_held", name=name).result(60)
            site.until_more(course, 20)
            for name, _ in calls:
                site.lms.call("let_go", name=name).result(60)
            for number, (_, call) in enumerate(calls):
                call.result(60)  # fails if it waited, or met a deadlock
                first, then = (PROBLEM, OTHER_PROBLEM) if number % 2 else (OTHER_PROBLEM, PROBLEM)
                course.note(slow[number], points, 10, first)
                course.note(slow[number], points + 1, 10, then)
    site.check(course)
    assert "Deadlock" not in "".join(worker.said() for worker in site.workers)


def test_an_answer_comes_while_the_one_before_is_being_sent(site, platform):
    course = site.course(platform, 8)
    platform.faults.set("slow", endpoint="scores", seconds=0.1)
    for points in range(1, 9):
        with site.asleep():
            site.grade(course, [(sub, points * 10) for sub in course.subs])
        attempts = len(course.attempts())
        site.until(lambda attempts=attempts: len(course.attempts()) > attempts, course)
        site.grade(course, [(sub, points * 10 + 1) for sub in course.subs])
    platform.faults.clear()
    site.check(course)


def test_an_answer_that_is_lost_with_our_note_is_not_reported_as_stored(site, platform):
    """A deadlock undoes the learner's whole transaction. If it happens in our part of it, the LMS must know."""
    course = site.course(platform, 20)
    sub = course.subs[0]
    site.grade(course, [(sub, 1)])
    site.check(course)
    with transaction.atomic(using=SITE):  # somebody whose transaction is bigger, so that the database spares it
        site.rows(course).update(changed_at=timezone.now())
        call = site.begin_grading(course, sub, 2)
        site.until(_waits_for_a_lock, course, cron=False)
        BlockState.objects.using(SITE).filter(user_id=course.learners[sub]).update(updated_at=timezone.now())
    with pytest.raises(LmsError, match="Deadlock"):
        call.result(60)
    site.grade(course, [(sub, 2)])
    site.check(course)


def test_an_answer_is_noted_later_if_somebody_holds_its_score_for_too_long(site, platform):
    """The database gives up our statement, and not the answer."""
    course = site.course(platform, 4)
    sub = course.subs[0]
    site.grade(course, [(sub, 1)])
    site.check(course)
    with transaction.atomic(using=SITE):
        site.rows(course).update(changed_at=timezone.now())
        call = site.lms.call("hold", name=sub, first=[answers(course, sub, PROBLEM, 2)], then=[])
        site.lms.call("await_held", name=sub).result(60)  # it has waited for a second
    site.lms.call("let_go", name=sub).result(60)
    call.result(60)  # no error for the learner
    course.note(sub, 2, 10)
    site.until(lambda: not course.differences(), course)
    site.check(course)


def _waits_for_a_lock():
    time.sleep(FRESH)
    with connections[SITE].cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
        return cursor.fetchone()[0]
