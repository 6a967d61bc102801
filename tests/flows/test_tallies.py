"""Launches are counted by registration and day: each once, whoever counts, and no launch waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from lti_1p3_provider.diagnostics import tallies
from lti_1p3_provider.diagnostics.models import LastLaunch, LaunchAttempt, LaunchTally, TallyMark
from lti_1p3_provider.diagnostics.tallies import LAG, Last, roll_up, since_mark
from lti_1p3_provider.scores.models import Tally
from lti_1p3_provider.scores.outbox import tallies as scores
from tests.connection import WELCOME
from tests.fleet import UNSIGNED, attempted, registered

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def counted() -> list[tuple[int, str, int, int, int]]:
    rows = LaunchTally.objects.order_by("registration_id", "day")
    return [(row.registration_id, f"{row.day:%m-%d}", row.succeeded, row.refused, row.unproven) for row in rows]


def test_attempts_are_counted_by_registration_and_day(db):
    one, two = registered(), registered()
    attempted(one, 3, at=NOON)
    attempted(one, 2, "gate_closed", at=NOON)
    attempted(one, 1, "key_unknown", at=NOON, steps=UNSIGNED)
    attempted(one, 1, at=NOON.replace(hour=23, minute=59, second=59))
    attempted(one, 1, at=NOON.replace(day=4, hour=0))
    attempted(two, 1, "login_refused", at=NOON, steps=(), door="login")
    assert roll_up() is False
    assert counted() == [(one.pk, "11-03", 4, 2, 1), (one.pk, "11-04", 1, 0, 0), (two.pk, "11-03", 0, 0, 1)]


def test_what_is_no_launch_is_not_counted(db):
    attempted(registered(), 2, "grant_missing", door="content")
    attempted(registered(), 2, door="deep_linking")
    attempted(None, 2, "registration_unknown")
    roll_up()
    assert counted() == []
    assert TallyMark.objects.get().up_to == LaunchAttempt.objects.first().pk


def test_a_real_launch_and_a_refused_one_are_counted(connection):
    connection.gate(allowed_courses=[])
    connection.launch(connection.link(WELCOME))
    connection.registration.gate.delete()
    connection.launch(connection.link(WELCOME))
    roll_up(now=timezone.now() + 2 * LAG)
    (row,) = LaunchTally.objects.all()
    assert (row.succeeded, row.refused, row.unproven) == (1, 1, 0)
    last = LastLaunch.objects.get()
    assert last.launched_at == LaunchAttempt.objects.get(outcome="ok").created_at
    assert last.refusal == "gate_closed"


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_each_is_counted_once_in_whatever_batches(db, size):
    one, two = registered(), registered()
    for number in range(7):
        attempted((one, two)[number % 2], at=NOON + timedelta(days=number // 3))
    for _ in range(20):
        roll_up(batches=1, size=size)
    assert sum(row[2] for row in counted()) == 7
    attempted(one, 2, at=NOON)
    roll_up(size=size)
    roll_up(size=size)
    assert sum(row[2] for row in counted()) == 9


def test_the_last_launch_and_the_last_refusal_are_kept(db):
    row = registered()
    attempted(row, 1, at=NOON)
    attempted(row, 1, "gate_closed", at=NOON)
    roll_up()
    attempted(row, 1, "signature_invalid", at=NOON + timedelta(hours=1))
    roll_up()
    attempted(row, 1, at=NOON - timedelta(days=3))  # of a host whose clock is wrong
    roll_up()
    last = LastLaunch.objects.get()
    assert (last.launched_at, last.refused_at) == (NOON, NOON + timedelta(hours=1))
    assert last.refusal == "signature_invalid"


def test_a_launch_that_is_committed_late_is_not_lost(db):
    """It got its primary key when its attempt was written, and may be seen after others that came later."""
    row, now = registered(), timezone.now()
    late, _ = attempted(row, 2, at=now)
    kept = LaunchAttempt.objects.filter(pk=late).values().get()
    LaunchAttempt.objects.filter(pk=late).delete()  # not committed yet
    roll_up(now=now)
    assert counted() == []
    LaunchAttempt.objects.create(**kept)
    LaunchAttempt.objects.filter(pk=late).update(created_at=now)
    roll_up(now=now + 2 * LAG)
    assert sum(one[2] for one in counted()) == 2


def test_a_launch_that_is_committed_between_two_looks_hides_none_below_it(db):
    """Nothing young is to be seen; then a launch is committed, while one with a lower primary key is still open."""
    row, now = registered(), timezone.now()
    attempted(row, 1, at=NOON)
    opened, _ = attempted(row, 2, at=now)
    both = list(LaunchAttempt.objects.filter(pk__gte=opened).order_by("pk").values())
    LaunchAttempt.objects.filter(pk__gte=opened).delete()  # neither is committed yet

    def commit(values: dict[str, Any]) -> None:
        LaunchAttempt.objects.create(**values)
        LaunchAttempt.objects.filter(pk=values["id"]).update(created_at=now)

    looked: list[str] = []

    def look(execute: Any, sql: str, *others: Any) -> Any:
        found = execute(sql, *others)
        if "MIN(" in sql and not looked:
            looked.append(sql)
            commit(both[1])
        return found

    with connection.execute_wrapper(look):
        roll_up(now=now)
    assert len(looked) == 1
    assert TallyMark.objects.get().up_to < opened
    commit(both[0])
    roll_up(now=now + 2 * LAG)
    assert sum(one[2] for one in counted()) == 3


def test_only_young_ones_move_nothing(db):
    now = timezone.now()
    attempted(registered(), 3, at=now)
    assert roll_up(now=now) is False
    assert (TallyMark.objects.get().up_to, counted()) == (0, [])


def test_a_clock_that_is_far_ahead_stops_nothing(db):
    row, now = registered(), timezone.now()
    attempted(row, 1, at=now + timedelta(days=400))
    attempted(row, 1, at=NOON)
    roll_up(now=now)
    assert sum(one[2] for one in counted()) == 2


def test_what_is_above_the_mark_is_counted_for_those_who_look(db):
    one, two, now = registered(), registered(), timezone.now()
    attempted(one, 2, at=NOON)
    roll_up()
    attempted(one, 1, at=now)
    attempted(one, 1, "gate_closed", at=now)
    attempted(two, 1, at=now)
    found = since_mark([one.pk], TallyMark.objects.get().up_to)
    assert set(found.days) == {one.pk}
    assert [(day.succeeded, day.refused) for day in found.days[one.pk].values()] == [(1, 1)]
    assert found.last[one.pk] == Last(now, now, "gate_closed")


@pytest.mark.django_db(transaction=True)
def test_several_who_count_at_once_count_each_once(transactional_db):
    rows = [registered() for _ in range(5)]
    for row in rows:
        attempted(row, 20, at=NOON)
    together = Barrier(4)

    def count(_: int) -> None:
        try:
            together.wait(timeout=30)
            for _ in range(12):
                roll_up(batches=3, size=7)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    roll_up()
    assert [row[2] for row in counted()] == [20] * 5


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_is_undone_is_counted_by_the_next(transactional_db):
    row = registered()
    attempted(row, 3, at=NOON)
    with transaction.atomic():
        roll_up()
        transaction.set_rollback(True)
    assert counted() == []
    roll_up()
    assert counted() == [(row.pk, "11-03", 3, 0, 0)]


def test_a_registration_that_is_deleted_takes_its_tallies_along_and_stops_nothing(db):
    gone, row = registered(), registered()
    attempted(gone, 2, at=NOON)
    roll_up()
    attempted(gone, 2, at=NOON)
    attempted(row, 1, at=NOON)
    gone.delete()
    roll_up()
    assert counted() == [(row.pk, "11-03", 1, 0, 0)]


# --- retention --------------------------------------------------------------------------------------------------------


def test_old_tallies_are_dropped_with_the_attempts(db, settings):
    settings.LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC = 30 * 24 * 3600
    row, now = registered(), timezone.now()
    for kind, module in ((LaunchTally, tallies), (Tally, scores)):
        for back in (0, 29, 30, 31, 40):
            kind.objects.create(registration=row, day=(now - timedelta(days=back)).astimezone(UTC).date())
        assert module.drop_old(now) == 2
        assert kind.objects.count() == 3


def test_what_pages_show_is_kept_however_short_attempts_are(db, settings):
    settings.LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC = 60
    row, now = registered(), timezone.now()
    for back in range(20):
        day = (now - timedelta(days=back)).astimezone(UTC).date()
        LaunchTally.objects.create(registration=row, day=day)
        Tally.objects.create(registration=row, day=day)
    assert tallies.drop_old(now) == scores.drop_old(now) == 5


def test_more_than_a_batch_of_tallies_is_dropped(db):
    row, first = registered(), NOON.date() - timedelta(days=4000)
    rows = (LaunchTally(registration=row, day=first + timedelta(days=number)) for number in range(1003))
    LaunchTally.objects.bulk_create(rows)
    assert tallies.drop_old() == 1003
