"""Workers that die, sleep, or are many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Max
from django.utils import timezone

from lti_1p3_provider.scores.models import LineItem
from tests.connection import OTHER_PROBLEM, PROBLEM

from .course import sent_again
from .site import SITE

SLOW = 0.05  # seconds


@pytest.mark.parametrize("victim", ["machine", "pool process"])
def test_ags_15_a_worker_killed_in_the_middle_of_a_batch(site, platform, victim):
    course = site.course(platform, 60)
    platform.faults.set("slow", endpoint="scores", seconds=SLOW)
    with site.asleep():
        site.grade(course, [(sub, 7) for sub in course.subs])
    site.until(lambda: course.accepted() > 10, course)
    for worker in list(site.workers):
        worker.crash() if victim == "machine" else worker.kill_pool()
    assert site.rows(course).exclude(lease="").count() > 10, "nobody was in the middle of something"
    platform.faults.clear()
    site.have_workers(1)
    site.check(course)
    assert len(sent_again(course.attempts())) <= 12  # what was not written down yet when the worker died


def test_a_worker_that_sleeps_past_its_lease(site, platform):
    """What it then still sends and writes must not undo what another worker did meanwhile."""
    course = site.course(platform, 30)
    (sleeper,) = site.have_workers(1)
    platform.faults.set("slow", endpoint="scores", seconds=0.02)
    with site.asleep():
        site.grade(course, [(sub, 7) for sub in course.subs])
    site.until(lambda: course.accepted() > 5, course)
    with site.asleep():
        assert site.rows(course).exclude(lease="").exists()
        site.have_workers(2)
        site.grade(course, [(sub, 8) for sub in course.subs])
        site.until(lambda: course.differences() == [], course)
        ended = sleeper.tasks_ended()
    site.until(lambda: sleeper.tasks_ended() > ended, course)
    site.check(course, stale=True)
    assert site.rows(course).aggregate(most=Max("attempts"))["most"] == 0


def test_many_workers_and_one_row(site, platform):
    course = site.course(platform, 1)
    platform.overlap.clear()
    for points in range(1, 16):
        with site.asleep():
            site.grade(course, [(course.subs[0], points)])
            for _ in site.workers * 3:
                site.cron()
        site.until(lambda points=points: course.accepted() == points, course, cron=False)
    site.check(course)
    assert len(course.attempts()) == 15
    assert platform.overlap.most_of_all == 1


def test_a_course_sees_one_score_at_a_time(site, platform):
    """Several workers and several courses of one platform: side by side, but one after another in each."""
    places = [(PROBLEM, f"course-{number}") for number in range(4)] + [(OTHER_PROBLEM, "course-0")]
    course = site.course(platform, 15, places)
    platform.overlap.clear()
    platform.faults.set("slow", endpoint="scores", seconds=0.02)
    for points in (1, 2):
        with site.asleep():
            site.grade(course, [(sub, points) for sub in course.subs])
            site.grade(course, [(sub, points) for sub in course.subs], OTHER_PROBLEM)
            for _ in site.workers * 3:
                site.cron()
        site.until(lambda: site.waiting(course).count() < 40, course)
    site.check(course)
    assert set(platform.overlap.most.values()) == {1}
    assert len(platform.overlap.most) == 4
    assert platform.overlap.most_of_all > 1
    assert sent_again(course.attempts()) == []


def test_poison_among_a_thousand_scores(site, platform):
    """Rows that our own code chokes on, of two kinds: reading the grade fails, or sending it does."""
    course = site.course(platform, 250, [(PROBLEM, f"course-{number}") for number in range(4)])
    poisoned = site.course(platform, 2, [(PROBLEM, ""), (OTHER_PROBLEM, "")])
    scopes, key = (LineItem.objects.using(SITE).filter(resource_link__link_id=link.id) for link in poisoned.links)
    good_scopes, good_key = scopes.get().scopes, key.get().course_key
    with site.asleep():
        site.make_due(course, 9)
        site.grade(poisoned, [(sub, 9) for sub in poisoned.subs])
        site.grade(poisoned, [(sub, 9) for sub in poisoned.subs], OTHER_PROBLEM)
        # They come first, in a lane of the good ones, who need not be read.
        among = {"registration": course.registration, "lane": site.rows(course)[0].lane_id, "earned": None}
        site.rows(poisoned).update(due_at=timezone.now() - timedelta(hours=1), **among)
        scopes.update(scopes=5)
        site.rows(course).filter(line_item=key.get()).update(course_key="nonsense")
    site.until(lambda: course.differences() == [], course)
    assert len(course.attempts()) == 1000
    rows = site.rows(course).filter(line_item__resource_link__link_id__in=[link.id for link in poisoned.links])
    assert {(row.given_up, row.attempts > 0) for row in rows} == {(False, True)}
    scopes.update(scopes=good_scopes)
    rows.update(course_key=good_key, registration=poisoned.registration)
    site.check(course, poisoned)
