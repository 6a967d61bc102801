"""Platforms that take no scores at all: left alone as a whole, tried with one score, and caught up with."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.utils import timezone

from demo.lms import grades
from demo.platform import Link
from lti_1p3_provider.scores.delivery import deliver
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.delivery.ledger import Run
from lti_1p3_provider.scores.models import Lane, Outage, PendingScore
from lti_1p3_provider.scores.outbox import claim, outages, retry
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import PROBLEM, Connection
from tests.scoring import COURSE, block, class_launched, given, launched

PATHS = {"scores": "/scores", "token": "/token"}
CLASS = [f"pupil-{number}" for number in range(retry.OUTAGE + 2)]


@pytest.fixture(autouse=True)
def slow_retries(settings) -> None:
    settings.LTI_1P3_PROVIDER_RETRY_BASE_SEC = 30


def enrol(connection: Connection, people: Sequence[str] = CLASS) -> Link:
    """Have a class launch one problem; return its link."""
    return class_launched(connection, people)


def everybody_answers(connection: Connection, earned: float = 3) -> None:
    """Record an answer of each of the class; in the tests each is delivered at once, by a run of its own."""
    for person in PlatformUser.objects.filter(registration=connection.registration):
        grades.record(person.user, COURSE, block(PROBLEM), earned, 4)


def requests(connection: Connection, endpoint: str) -> int:
    """Return how many requests came to the platform's token or score service."""
    return len([one for one in connection.platform.requests if PATHS[endpoint] in one.path])


def work() -> None:
    """Deliver until nothing is left, in a thread of its own, as a worker does."""
    while PendingScore.objects.filter(due_at__lte=timezone.now()).exists():
        deliver_due()
    database.close()


def time_passes() -> None:
    """Let all waiting be over."""
    past = timezone.now() - timedelta(seconds=1)
    Outage.objects.update(until=past)
    PendingScore.objects.filter(due_at__isnull=False).update(due_at=past)


@pytest.mark.parametrize("endpoint", ["scores", "token"])
def test_ags_15_a_dead_platform_gets_few_requests_and_then_every_score(connection, endpoint):
    link = enrol(connection)
    cache.clear()
    connection.platform.faults.set("status", endpoint=endpoint, status=503)
    before = requests(connection, endpoint)
    everybody_answers(connection)
    (outage,) = Outage.objects.all()
    assert outage.until > timezone.now() + timedelta(seconds=20)
    assert "503" in outage.says
    few = requests(connection, endpoint) - before
    assert few <= 6
    deliver_due()
    assert requests(connection, endpoint) - before == few
    for number in range(3):  # each time one score is tried
        time_passes()
        deliver_due()
        assert requests(connection, endpoint) - before == few + number + 1
    assert Outage.objects.get().failures == 4
    connection.platform.faults.clear()
    time_passes()
    deliver_due()
    assert not Outage.objects.exists()
    assert {given(connection, link, sub) for sub in CLASS} == {(3, 4)}
    assert not PendingScore.objects.exclude(given_up=False, due_at=None).exists()


def test_a_score_that_waited_for_a_dead_platform_is_due_as_soon_as_it_lives(connection):
    link = enrol(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503)
    everybody_answers(connection)
    assert PendingScore.objects.filter(due_at__gt=timezone.now()).exists()
    connection.platform.faults.clear()
    Outage.objects.update(until=timezone.now() - timedelta(seconds=1))
    PendingScore.objects.filter(pk=PendingScore.objects.filter(due_at__gt=timezone.now())[0].pk).update(
        due_at=timezone.now()
    )
    deliver_due()
    assert {given(connection, link, sub) for sub in CLASS} == {(3, 4)}


def test_ags_15_a_platform_that_asks_for_patience_gets_it(connection):
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=429, retry_after=300, times=1)
    grades.record(PlatformUser.objects.get().user, COURSE, block(PROBLEM), 3, 4)
    assert Outage.objects.get().until > timezone.now() + timedelta(seconds=290)
    time_passes()
    deliver_due()
    assert given(connection, link) == (3, 4)


def test_another_platform_is_served_while_one_is_down(connect):
    dead, alive = connect(), connect()
    links = {one.client_id: launched(one) for one in (dead, alive)}
    Outage.objects.create(
        registration=dead.registration, since=timezone.now(), until=timezone.now() + timedelta(hours=1), reason="slow"
    )
    for person in PlatformUser.objects.all():
        grades.record(person.user, COURSE, block(PROBLEM), 2, 4)
    assert given(alive, links[alive.client_id]) == (2, 4)
    assert given(dead, links[dead.client_id]) is None


def test_single_failures_between_successes_are_no_outage(connection):
    few = CLASS[:2]
    link = enrol(connection, few)
    for _ in range(retry.OUTAGE):
        connection.platform.faults.set("status", endpoint="scores", status=500, times=1)
        everybody_answers(connection, 3)
        assert not Outage.objects.exists()
        time_passes()
        everybody_answers(connection, 1)
    time_passes()
    deliver_due()
    assert {given(connection, link, sub) for sub in few} == {(1, 4)}


def test_one_worker_tries_a_platform_that_was_down(connection):
    enrol(connection)
    until = timezone.now() - timedelta(seconds=1)
    Outage.objects.create(registration=connection.registration, since=until, until=until, reason="slow")
    assert [outages.try_one(connection.registration.pk, until) for _ in range(3)] == [True, False, False]


def test_a_worker_that_finds_nothing_to_try_lets_the_next_one_try(connection):
    link = enrol(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503)
    everybody_answers(connection)
    connection.platform.faults.clear()
    time_passes()
    Lane.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
    deliver_due()
    assert Outage.objects.get().until <= timezone.now()
    Lane.objects.update(leased_until=None)
    deliver_due()
    assert {given(connection, link, sub) for sub in CLASS} == {(3, 4)}


def test_a_try_that_had_nothing_to_send_goes_on_with_the_next_score(connection):
    link = enrol(connection)
    everybody_answers(connection)
    connection.platform.faults.set("status", endpoint="scores", status=503)
    everybody_answers(connection, 1)
    connection.platform.faults.clear()
    first = PendingScore.objects.filter(due_at__isnull=False).earliest("due_at")
    PendingScore.objects.filter(pk=first.pk).update(earned=3, sent_given=3, sent_maximum=4)  # as it is there already
    time_passes()
    PendingScore.objects.filter(pk=first.pk).update(due_at=timezone.now() - timedelta(hours=1))
    deliver_due()
    assert not Outage.objects.exists()
    others = [sub for sub in CLASS if sub != first.platform_user.sub]
    assert {given(connection, link, sub) for sub in others} == {(1, 4)}


def test_a_run_that_found_a_platform_down_takes_nothing_more_from_it(connection):
    """Also if an operator ends the outage meanwhile: what is taken would be put back, again and again."""
    enrol(connection)
    PendingScore.objects.update(due_at=timezone.now(), revision=5)
    due, run = {connection.registration.pk: ""}, Run(down={connection.registration.pk})
    assert deliver._claim(due, run) == []
    assert due == {}


# --- lanes ------------------------------------------------------------------------------------------------------------


def test_nobody_else_sends_into_a_course_that_somebody_sends_into(connection):
    enrol(connection)
    PendingScore.objects.update(due_at=timezone.now(), revision=5)
    first = claim.claim(connection.registration.pk, 3)
    assert len(first) == 3
    assert claim.claim(connection.registration.pk, 50) == []
    claim.release_lanes(first)
    second = claim.claim(connection.registration.pk, 50)
    assert len(second) == len(CLASS) - 3
    assert not {row.pk for row in first} & {row.pk for row in second}


def test_a_lane_that_is_not_given_back_is_free_after_a_while(connection):
    enrol(connection)
    PendingScore.objects.update(due_at=timezone.now(), revision=5)
    claim.claim(connection.registration.pk, 3)
    Lane.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert len(claim.claim(connection.registration.pk, 50)) == len(CLASS) - 3


def test_the_scores_of_one_course_are_sent_one_after_another_by_any_number_of_workers(connection, platform):
    link = enrol(connection)
    platform.faults.set("slow", endpoint="scores", seconds=0.05)
    PendingScore.objects.update(due_at=timezone.now(), revision=5, earned=2, possible=4, changed_at=timezone.now())
    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    posts = [one for one in platform.requests if one.path.endswith("/scores")][-len(CLASS) :]
    times = sorted((one.at, one.at + timedelta(seconds=one.seconds)) for one in posts)
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(times))
    assert {given(connection, link, sub) for sub in CLASS} == {(2, 4)}


# --- mended by an operator --------------------------------------------------------------------------------------------


def refused(connection: Connection, status: int = 404) -> Link:
    """Have a platform refuse the learner's score; return the link."""
    link = launched(connection)
    connection.platform.faults.set("status", endpoint="scores", status=status, times=1)
    grades.record(PlatformUser.objects.get().user, COURSE, block(PROBLEM), 3, 4)
    assert PendingScore.objects.get().why == Why(Reason.REFUSED, status)
    return link


def test_ags_15_what_was_given_up_is_tried_again_when_the_registration_is_saved(connection):
    link = refused(connection)
    connection.registration.save()
    assert given(connection, link) == (3, 4)
    assert PendingScore.objects.get().given_up is False


def test_ags_15_what_was_given_up_is_tried_again_when_the_deployment_is_saved(connection):
    link = refused(connection, 403)
    connection.registration.deployments.get().save()
    assert given(connection, link) == (3, 4)


def test_a_registration_that_is_saved_but_off_sends_nothing(connection):
    link = refused(connection)
    connection.registration.enabled = False
    connection.registration.save()
    assert given(connection, link) is None
    connection.registration.enabled = True
    connection.registration.save()
    assert given(connection, link) == (3, 4)


def test_saving_a_registration_ends_its_outage_and_sends_nothing_twice(connection):
    link = enrol(connection)
    everybody_answers(connection, 1)
    connection.platform.faults.set("status", endpoint="scores", status=503)
    everybody_answers(connection, 3)
    assert Outage.objects.exists()
    connection.platform.faults.clear()
    connection.registration.save()
    deliver_due()
    assert not Outage.objects.exists()
    assert {given(connection, link, sub) for sub in CLASS} == {(3, 4)}
    before = requests(connection, "scores")
    connection.registration.save()
    deliver_due()
    assert requests(connection, "scores") == before
