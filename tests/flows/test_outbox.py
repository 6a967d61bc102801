"""The outbox when several workers are at it, or one dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db.models import F
from django.utils import timezone

from lti_1p3_provider.scores import outbox
from lti_1p3_provider.scores.delivery import deliver_due
from lti_1p3_provider.scores.models import Lane, Outage, PendingScore
from tests.connection import LEARNER, PROBLEM
from tests.flows.test_scores import earn, given, launched, make_due


@pytest.fixture
def row(connection) -> PendingScore:
    """A score that is due."""
    launched(connection)
    PendingScore.objects.update(revision=1, due_at=timezone.now())
    return PendingScore.objects.get()


def claim() -> list[PendingScore]:
    """Claim what is due, with the lanes that are free again or were a dead worker's."""
    Lane.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now() - timedelta(seconds=1))
    return [row for pk in outbox.due_registrations() for row in outbox.claim(pk, 50)]


def test_a_claimed_row_is_nobody_elses(row):
    (claimed,) = claim()
    assert claimed.lease
    assert claim() == []


def test_a_dead_workers_row_is_due_again(row):
    claim()
    PendingScore.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert len(claim()) == 1


def test_a_worker_that_lost_its_lease_changes_nothing(row):
    (slow,) = claim()
    PendingScore.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    (fast,) = claim()
    outbox.parked(slow, "refused_404", "HTTP 404")
    outbox.delivered(slow, 1, 4, "HTTP 200")
    fresh = PendingScore.objects.get()
    assert (fresh.parked, fresh.sent_at, fresh.lease) == ("", None, fast.lease)


@pytest.mark.parametrize("end", ["delivered", "settled", "parked"])
def test_a_grade_that_changes_while_it_is_sent_stays_due(row, end):
    (claimed,) = claim()
    later = timezone.now() + timedelta(seconds=3)
    PendingScore.objects.update(revision=F("revision") + 1, due_at=later)
    {
        "delivered": lambda: outbox.delivered(claimed, 1, 4, "HTTP 200"),
        "settled": lambda: outbox.settled(claimed, "unchanged"),
        "parked": lambda: outbox.parked(claimed, "refused_404", "HTTP 404"),
    }[end]()
    fresh = PendingScore.objects.get()
    assert (fresh.due_at, fresh.lease, fresh.parked) == (later, "", "")


def test_a_change_during_a_delivery_opens_a_new_window(row, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    claim()
    PendingScore.objects.filter().update(due_at=timezone.now() - timedelta(hours=1))
    with database.cursor():
        earn(3)
    fresh = PendingScore.objects.get()
    assert fresh.due_at > timezone.now() - timedelta(seconds=10)


def test_courses_share_a_batch_if_not_all_of_them_fit_in(connection, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_LANES", 2)
    link = connection.link(PROBLEM, graded=True)
    for number in range(9):
        connection.person(f"batch-test-{number}")
        connection.launch(link, f"batch-test-{number}")
    first = Lane.objects.get()
    others = [Lane.objects.create(name=f"batch-test-{name}", deployment=first.deployment) for name in "bc"]
    courses = [first, first, first, others[0], others[1], others[0], others[0], first, others[1]]
    for number, (row, lane) in enumerate(zip(PendingScore.objects.order_by("pk"), courses, strict=True)):
        due_at = timezone.now() - timedelta(minutes=30 - number)
        PendingScore.objects.filter(pk=row.pk).update(revision=1, due_at=due_at, lane=lane)
    claimed = outbox.claim(connection.registration.pk, 5)
    assert [row.lane_id for row in claimed] == [first.pk, first.pk, first.pk, others[0].pk, others[0].pk]
    free = outbox.claim(connection.registration.pk, 5)
    assert [row.lane_id for row in free] == [others[1].pk, others[1].pk]


def test_many_workers_send_each_score_once(connection):
    people = [f"worker-test-{number}" for number in range(12)]
    link = connection.link(PROBLEM, graded=True)
    for person in people:
        connection.person(person)
        connection.launch(link, person)
    PendingScore.objects.update(revision=1)
    for person in people:
        connection.platform.faults.set("status", endpoint="scores", status=503, times=1)
        earn(3, person=person)
    before = len(connection.platform.scores)
    connection.platform.faults.clear()
    Outage.objects.all().delete()  # so much failed that the platform was to be left alone
    make_due()

    def work(_: int) -> int:
        try:
            return deliver_due().delivered
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        delivered = sum(pool.map(work, range(6)))
    assert delivered == len(people)
    assert len(connection.platform.scores) - before == len(people)
    assert {given(connection, link, person) for person in people} == {(3, 4)}
    assert given(connection, link, LEARNER) is None
