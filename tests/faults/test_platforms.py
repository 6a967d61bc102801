"""Platforms that are away, that lose what they say, that refuse, or that have too much to do."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from lti_1p3_provider.scores.models import Outage, PendingScore
from tests.connection import PROBLEM

from .course import sent_again
from .site import SITE, TIMEOUT

HOURS = 5


@pytest.mark.parametrize("kind", ["answers 503", "hangs up", "never answers"])
def test_ags_15_a_platform_is_away_for_a_night(site, platform, other_platform, kind):
    """It is asked now and then only, nobody else's scores wait for that, and in the morning everything arrives."""
    course, other = site.course(platform, 24), site.course(other_platform, 24)
    _switch_off(platform, kind)
    site.grade(course, [(sub, 1) for sub in course.subs])
    site.until(lambda: Outage.objects.using(SITE).filter(registration=course.registration).exists(), course)
    for hour in range(1, HOURS + 1):  # the clock goes on: the wait is over each time
        failures = _failures(course)
        site.grade(course, [(sub, hour) for sub in course.subs[:5]])
        site.grade(other, [(sub, hour) for sub in other.subs])
        _pass_time(course)
        if kind != "never answers" or hour == 1:  # each of these costs a time-out
            site.until(lambda failures=failures: _failures(course) > failures, course)
    site.check(other)  # while the first platform is still away
    assert course.accepted() == 0
    tried = site.rows(course).aggregate(all=Sum("attempts"))["all"]
    assert tried <= 2 * 6 + _failures(course)  # two workers may find out at the same time; then one score each time
    platform.faults.clear()
    platform.stopped = False
    _pass_time(course)
    site.check(course, stale=kind == "never answers")  # what was given up may still be on its way through the platform
    assert not Outage.objects.using(SITE).filter(registration=course.registration).exists()


def _switch_off(platform, kind):
    if kind == "answers 503":
        platform.faults.set("status", endpoint="scores", status=503)
    elif kind == "never answers":
        platform.faults.set("slow", endpoint="scores", seconds=TIMEOUT + 1)
        platform.faults.set("status", endpoint="scores", status=503)
    else:
        platform.stopped = True


def _failures(course):
    return Outage.objects.using(SITE).get(registration=course.registration).failures


def _pass_time(course):
    Outage.objects.using(SITE).filter(registration=course.registration).update(until=timezone.now())
    waiting = PendingScore.objects.using(SITE).filter(registration=course.registration, due_at__isnull=False, lease="")
    waiting.update(due_at=timezone.now())


def test_a_slow_platform_does_not_keep_a_worker_from_others(site, platform, other_platform):
    """It answers, in less time than it has. All of its scores together take many times as long."""
    site.have_workers(1)
    course, other = site.course(platform, 24), site.course(other_platform, 4)
    platform.faults.set("slow", endpoint="scores", seconds=TIMEOUT / 2)
    site.grade(course, [(sub, 1) for sub in course.subs])
    site.until(lambda: course.accepted() > 0, course)
    before = course.accepted()
    site.grade(other, [(sub, 2) for sub in other.subs])
    site.until(lambda: other.accepted() == len(other.subs), other)
    assert course.accepted() - before <= 6
    platform.faults.clear()
    site.check(course, other)


def test_ags_13_answers_are_lost_after_the_score_was_stored(site, platform):
    course = site.course(platform, 40)
    with site.load(course):
        for times in (1, 1, 2, 1, 3):
            platform.faults.set("lost_answer", endpoint="scores", times=times)
            site.until(lambda: not platform.faults.active, course)
            site.until_more(course, 10)
    site.check(course)
    assert sum(not attempt.answered for attempt in course.attempts()) == 8


def test_tok_02_all_access_tokens_die_again_and_again(site, platform):
    """One worker asks for a new one at a time; nobody else's is asked for."""
    places = [(PROBLEM, f"course-{number}") for number in range(4)]
    course = site.course(platform, 30, places)
    before, killed = _token_requests(platform), 0
    with site.load(course):
        while killed < 8:
            site.until_more(course, 10)
            platform.access_tokens.clear()
            killed += 1
    site.check(course)
    assert 1 <= _token_requests(platform) - before <= 2 * killed + 1
    assert any(attempt.status == 401 for attempt in course.attempts())


def test_tok_02_tokens_are_dead_when_they_come(site, platform):
    course = site.course(platform, 30)
    platform.access_tokens.clear()
    platform.faults.set("expired", endpoint="token", times=6)
    site.grade(course, [(sub, 1) for sub in course.subs])
    site.check(course)
    assert platform.faults.active == ()


def _token_requests(platform):
    return sum(request.path == "/token" for request in platform.requests)


def test_ags_15_floods_of_429_are_given_the_time_that_they_ask_for(site, platform):
    places = [(PROBLEM, f"course-{number}") for number in range(4)]
    course = site.course(platform, 20, places)
    for points in (1, 2):
        platform.faults.set("status", endpoint="scores", status=429, retry_after=1, times=3)
        site.grade(course, [(sub, points) for sub in course.subs])
        site.check(course)
    attempts = course.attempts()
    for number, attempt in enumerate(attempts):
        if attempt.status == 429:
            soon = [one for one in attempts[number + 1 :] if one.at - attempt.at < timedelta(seconds=1)]
            # Of 80: what was under way in both workers, and what they began on a busy machine before one had noted it.
            assert len(soon) <= 5 * len(places)


def test_ags_15_bursts_of_5xx(site, platform):
    course, chance = site.course(platform, 40), random.Random(1)
    with site.load(course):
        for status in (500, 502, 503, 504):
            platform.faults.set("status", endpoint="scores", status=status, times=chance.randint(1, 8))
            site.until(lambda: not platform.faults.active, course)
            site.until_more(course, 5)
    site.check(course)
    assert sent_again(course.attempts()) == []


def test_ags_10_the_clock_steps_back(site, platform):
    """By an hour, and later by another; each score's timestamps still increase, and by next to nothing."""
    course = site.course(platform, 20)
    site.set_clock(7200)
    for points, ahead in ((1, 7200), (2, 3600), (3, 0), (4, 0)):
        site.set_clock(ahead)
        site.grade(course, [(sub, points) for sub in course.subs])
        site.check(course)
    last = [datetime.fromisoformat(one.body["timestamp"]) for one in course.attempts()][-1]
    assert timedelta(minutes=119) < last - timezone.now() < timedelta(minutes=121)
