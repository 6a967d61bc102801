"""The outbox when several workers are at it, or one dies."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import Lane, LineItem, Outage, PendingScore
from lti_1p3_provider.scores.outbox import claim, due, outcomes
from lti_1p3_provider.scores.reasons import Reason, Why
from tests.accidents import database_fails, raised_in
from tests.connection import LEARNER
from tests.scoring import class_launched, earn, given, launched, make_due

TAKEN, GONE = Why(Reason.TAKEN, 200), Why(Reason.REFUSED, 404)


@pytest.fixture
def row(connection) -> PendingScore:
    """A score that is due."""
    launched(connection)
    PendingScore.objects.update(revision=1, due_at=timezone.now())
    return PendingScore.objects.get()


def take() -> list[PendingScore]:
    """Claim what is due, with the lanes that are free again or were a dead worker's."""
    Lane.objects.filter(leased_until__isnull=False).update(leased_until=timezone.now() - timedelta(seconds=1))
    return [row for pk in due.registrations()[0] for row in claim.claim(pk, 50)]


def test_a_claimed_row_is_nobody_elses(row):
    (claimed,) = take()
    assert claimed.lease
    assert take() == []


def test_a_dead_workers_row_is_due_again(row):
    take()
    PendingScore.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert len(take()) == 1


def test_a_worker_that_lost_its_lease_changes_nothing(row):
    (slow,) = take()
    PendingScore.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    (fast,) = take()
    outcomes.write_down([(slow, outcomes.give_up(slow, GONE))])
    outcomes.write_down([(slow, outcomes.delivered(slow, 1, 4, TAKEN))])
    fresh = PendingScore.objects.get()
    assert (fresh.given_up, fresh.sent_at, fresh.lease) == (False, None, fast.lease)


@pytest.mark.parametrize("end", ["delivered", "settled", "given up"])
def test_a_grade_that_changes_while_it_is_sent_stays_due(row, end):
    (claimed,) = take()
    later = timezone.now() + timedelta(seconds=3)
    PendingScore.objects.update(revision=F("revision") + 1, due_at=later)
    outcome = {
        "delivered": outcomes.delivered(claimed, 1, 4, TAKEN),
        "settled": outcomes.settled(claimed, Why(Reason.UNCHANGED)),
        "given up": outcomes.give_up(claimed, GONE),
    }[end]
    assert outcomes.write_down([(claimed, outcome)]) == []
    fresh = PendingScore.objects.get()
    assert (fresh.due_at, fresh.lease, fresh.given_up) == (later, "", False)


def test_a_change_during_a_delivery_opens_a_new_window(row, settings):
    settings.LTI_AGGREGATE_SCORE_PASSBACK_DELAY = 900
    take()
    PendingScore.objects.filter().update(due_at=timezone.now() - timedelta(hours=1))
    with database.cursor():
        earn(3)
    fresh = PendingScore.objects.get()
    assert fresh.due_at > timezone.now() - timedelta(seconds=10)


def test_courses_share_a_batch_if_not_all_of_them_fit_in(connection):
    class_launched(connection, [f"batch-test-{number}" for number in range(9)])
    first = Lane.objects.get()
    others = [Lane.objects.create(name=f"batch-test-{name}", deployment=first.deployment) for name in "bc"]
    b, c = others
    courses = [first, b, c, c, c, first, first, b, b]
    for number, (row, lane) in enumerate(zip(PendingScore.objects.order_by("pk"), courses, strict=True)):
        due_at = timezone.now() - timedelta(minutes=30 - number)
        PendingScore.objects.filter(pk=row.pk).update(revision=1, due_at=due_at, lane=lane)
    claimed = claim.claim(connection.registration.pk, 5, most_lanes=2)
    assert [row.lane_id for row in claimed] == [first.pk, b.pk, first.pk, first.pk, b.pk]
    free = claim.claim(connection.registration.pk, 5, most_lanes=2)
    assert [row.lane_id for row in free] == [c.pk, c.pk, c.pk]


def test_rows_in_lanes_of_others_are_read_past(connection):
    """Others send in the courses that have the oldest rows, and in those with the newest."""
    class_launched(connection, [f"past-test-{number}" for number in range(12)])
    first = Lane.objects.get()
    old, new = [Lane.objects.create(name=f"past-test-{name}", deployment=first.deployment) for name in ("old", "new")]
    Lane.objects.exclude(pk=first.pk).update(lease="another", leased_until=timezone.now() + timedelta(minutes=5))
    for number, (row, lane) in enumerate(
        zip(PendingScore.objects.order_by("pk"), [old] * 5 + [first] * 2 + [new] * 5, strict=True)
    ):
        due_at = timezone.now() - timedelta(minutes=30 - number)
        PendingScore.objects.filter(pk=row.pk).update(revision=1, due_at=due_at, lane=lane)
    claimed = claim.claim(connection.registration.pk, 4)
    assert [row.lane_id for row in claimed] == [first.pk, first.pk]
    assert claim.claim(connection.registration.pk, 4) == []


def test_rows_of_a_switched_off_deployment_do_not_stand_before_others(connection, row):
    deployment = Deployment.objects.create(
        registration=connection.registration, deployment_id="off", deployment_digest=digest("off"), status="disabled"
    )
    off = Lane.objects.create(name="off", deployment=deployment)
    class_launched(connection, [f"off-test-{number}" for number in range(3)])
    PendingScore.objects.update(revision=1, due_at=timezone.now())
    older = timezone.now() - timedelta(hours=1)
    PendingScore.objects.exclude(pk=row.pk).update(revision=1, due_at=older, lane=off)
    assert [one.pk for one in claim.claim(connection.registration.pk, 2)] == [row.pk]


def test_where_very_many_platforms_have_something_due_each_gets_its_turn(connection, row):
    lane = Lane.objects.get()
    for number in range(6):
        values = {"issuer": f"https://many-{number}.example", "client_id": "many", "enabled": number != 3}
        values |= {"pk": 10_000} if number == 5 else {}  # many others were deleted
        registration = Registration.objects.create(title=f"many {number}", platform="moodle", **values)
        Deployment.objects.create(registration=registration, deployment_id="1", status="approved")
        link_id = f"many-{number}"
        link = ResourceLink.objects.create(
            deployment=lane.deployment, link_id=link_id, link_digest=digest(link_id), course_key="c", usage_key="u"
        )
        item = LineItem.objects.create(resource_link=link, course_key="c", usage_key="u")
        person = row.platform_user
        PendingScore.objects.create(
            registration=registration, lane=lane, line_item=item, platform_user=person, due_at=timezone.now()
        )
    seen: set[int] = set()
    for _ in range(40):
        found, is_all = due.registrations(most=2)
        assert found
        assert not is_all
        seen |= set(found)
    on = Registration.objects.filter(enabled=True)
    assert seen == set(on.values_list("pk", flat=True))
    down, unapproved = on.exclude(pk=connection.registration.pk)[:2]
    Outage.objects.create(registration=down, since=timezone.now(), until=timezone.now() + timedelta(hours=1))
    unapproved.deployments.update(status="disabled")
    for _ in range(20):
        found, _ = due.registrations(most=2)
        assert not {down.pk, unapproved.pk} & set(found)
        assert found
    turns = Counter(pk for _ in range(30) for pk in due.registrations(most=2)[0])
    assert set(turns) == set(on.exclude(pk__in=[down.pk, unapproved.pk]).values_list("pk", flat=True))
    assert min(turns.values()) > max(turns.values()) / 3
    healthy = on.exclude(pk__in=[connection.registration.pk, down.pk, unapproved.pk]).last()
    Deployment.objects.exclude(registration=healthy).update(status="disabled")
    assert [due.registrations(most=2)[0] for _ in range(10)] == [{healthy.pk: "moodle"}] * 10


@pytest.mark.parametrize("end", ["delivered", "settled", "put back"])
def test_a_column_that_changes_while_a_score_is_sent_gets_the_score(connection, end):
    """The answer is about the old column; what the new one has is not known from it."""
    link = launched(connection)
    earn(3)
    PendingScore.objects.update(revision=F("revision") + 1, due_at=timezone.now(), sent_given=3, sent_maximum=4)
    (row,) = take()
    outcomes.send_to_new_column(PendingScore.objects.all())
    before = len(connection.platform.scores)
    outcome = {
        "delivered": outcomes.delivered(row, 3, 4, TAKEN),
        "settled": outcomes.settled(row, Why(Reason.UNCHANGED)),
        "put back": outcomes.release_unsent(row),
    }[end]
    assert outcomes.write_down([(row, outcome)]) == []
    claim.release_lanes([row])
    deliver_due()
    assert len(connection.platform.scores) == before + 1
    assert given(connection, link) == (3, 4)


@pytest.mark.parametrize("answer", [None, {"status": 404}, {"status": 503}])
def test_what_is_claimed_brings_all_that_delivery_needs(connection, answer):
    """Fields that a claim leaves out would be read one by one, as Django does: from one row, ``LIMIT 21``."""
    class_launched(connection, [f"narrow-{number}" for number in range(3)])
    PendingScore.objects.update(revision=2, earned=2, possible=4, due_at=timezone.now())
    if answer:
        connection.platform.faults.set("status", endpoint="scores", **answer)
    with CaptureQueriesContext(database) as queries:
        report = deliver_due()
    assert report.delivered + report.postponed + report.parked
    one_by_one = [query["sql"] for query in queries if query["sql"].endswith("LIMIT 21")]
    for table in ("pendingscore", "platformuser", "resourcelink"):
        assert not [sql for sql in one_by_one if f'FROM "lti_1p3_provider_{table}"' in sql]


def test_what_was_claimed_is_given_back_if_the_database_fails_with_another_platform(connect):
    first, second = connect(), connect()
    for connection in (first, second):
        launched(connection)
    now = timezone.now()
    PendingScore.objects.update(revision=9, due_at=now, earned=2, possible=4)
    of_items = f'FROM "{LineItem._meta.db_table}"'.replace('"', database.ops.quote_name("")[0])
    with database_fails(OperationalError("Deadlock"), of_items, at=3), pytest.raises(OperationalError):
        deliver_due()
    assert set(PendingScore.objects.values_list("lease", "leased_until")) == {("", None)}
    assert set(Lane.objects.values_list("lease", "leased_until")) == {("", None)}
    assert deliver_due().delivered == 2


def test_an_error_of_our_own_in_the_middle_of_a_batch_leaves_nothing_claimed(connection):
    class_launched(connection, [f"middle-test-{number}" for number in range(3)])
    PendingScore.objects.update(revision=9, due_at=timezone.now(), earned=2, possible=4)
    with raised_in(claim.is_open, OperationalError("server has gone away")), pytest.raises(OperationalError):
        deliver_due()
    assert set(PendingScore.objects.values_list("lease", "leased_until")) == {("", None)}
    assert deliver_due().delivered == 3


def test_equal_outcomes_are_written_together_and_each_row_gets_its_own(connection, django_assert_num_queries):
    """Some grades changed meanwhile, one lease was lost, one score was read from the LMS instead of the row."""
    class_launched(connection, [f"equal-test-{number}" for number in range(6)])
    for number, row in enumerate(PendingScore.objects.order_by("pk")):
        exact = {"earned": number, "possible": 10} if number != 5 else {}
        due_at = timezone.now() - timedelta(seconds=10 - number)
        PendingScore.objects.filter(pk=row.pk).update(revision=number, due_at=due_at, **exact)
    rows = claim.claim(connection.registration.pk, 50)
    changed, lost = rows[3], rows[4]
    PendingScore.objects.filter(pk=changed.pk).update(revision=F("revision") + 1, earned=9)
    PendingScore.objects.filter(pk=lost.pk).update(lease="another", delivered_revision=0)
    notes = [(row, outcomes.delivered(row, number, 10, TAKEN)) for number, row in enumerate(rows)]
    with django_assert_num_queries(6):  # savepoint, rows, one UPDATE for three of them and two for others, savepoint
        assert outcomes.write_down(notes) == []
    fresh = list(PendingScore.objects.order_by("pk"))
    assert [row.sent_given for row in fresh] == [0, 1, 2, None, None, 5]
    assert [row.delivered_revision for row in fresh] == [0, 1, 2, 3, 0, 5]
    assert [row.due_at is not None for row in fresh] == [False, False, False, True, True, False]
    assert [row.deliveries for row in fresh] == [1, 1, 1, 1, 0, 1]
    assert [row.lease for row in fresh] == ["", "", "", "", "another", ""]


def test_many_workers_send_each_score_once(connection):
    people = [f"worker-test-{number}" for number in range(12)]
    link = class_launched(connection, people)
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
