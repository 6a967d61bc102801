"""One platform, and one row, never harm another: what goes wrong with a score costs that score and nothing else."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import timedelta
from itertools import count
from threading import Thread

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.utils import timezone

from demo.platform import Link
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery import deliver, grades, send
from lti_1p3_provider.scores.delivery.conversations import Wire
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.delivery.ledger import Run
from lti_1p3_provider.scores.models import Lane, LineItem, Outage, PendingScore
from lti_1p3_provider.scores.outbox import claim, outages, outcomes, retry
from lti_1p3_provider.scores.reasons import Reason, Why
from tests.accidents import database_fails, raised_in, request_fails
from tests.cases import every
from tests.connection import Connection
from tests.scoring import class_launched, given, make_due
from tests.web_server import Said

CLASS = [f"tenant-{number}" for number in range(5)]


numbers = count(1)


class Panic(BaseException):
    """What a library written in another language raises."""


def of_class(connection: Connection, people: list[str] = CLASS) -> Link:
    """Have some people launch one problem; return its link."""
    link = class_launched(connection, people)
    PendingScore.objects.filter(line_item__resource_link__link_id=link.id).update(revision=9, earned=2, possible=4)
    return link


def all_due() -> None:
    PendingScore.objects.update(due_at=timezone.now() - timedelta(seconds=1), sent_given=None, sent_maximum=None)


def newly_earned() -> tuple[float, float]:
    """Have everybody be due with a result that nobody had before, as if nothing ever went wrong; return it."""
    result = {"earned": float(next(numbers)), "possible": 1000.0}
    Outage.objects.all().delete()
    cache.clear()
    PendingScore.objects.update(**result, attempts=0, given_up=False)
    all_due()
    return result["earned"], result["possible"]


def sent_elsewhere(connection: Connection, address: str, link: Link) -> None:
    """Have a link's column be at another host of its platform."""
    origin = "/".join(address.split("/")[:3])
    Registration.objects.filter(pk=connection.registration.pk).update(other_origins=origin)
    LineItem.objects.filter(resource_link__link_id=link.id).update(url=f"{origin}/column")


def nothing_is_claimed() -> bool:
    rows = set(PendingScore.objects.values_list("lease", "leased_until"))
    return rows | set(Lane.objects.values_list("lease", "leased_until")) == {("", None)}


# --- what is said about one row costs that row ------------------------------------------------------------------------

DATES = (
    *("Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359", "Fri, 31 Dec 99999 23:59:59 GMT"),
    *("Mon, 01 Jan 2029 00:00:00 +99999999999999", "Mon, 99 Foo 2029 99:99:99 GMT", "()", "9" * 5000),
    *("٣", "-1", "1e999"),
)


@pytest.fixture
def two_links(connect) -> list[tuple[Connection, Link]]:
    """A link of one platform and one of another, with a learner each."""
    connections = connect(), connect()
    return [(one, of_class(one, CLASS[at : at + 1])) for at, one in enumerate(connections)]


@every("value", DATES)
@every("status", [429, 503])
def test_any_retry_after_costs_one_row_and_ends_no_run(two_links, web_server, status, value):
    (bad, poisoned), (good, healthy) = two_links
    headers = {"Retry-After": value.encode().decode("latin-1")}
    sent_elsewhere(bad, web_server.says(Said(b"", status, headers)), poisoned)
    earned = newly_earned()
    report = deliver_due()
    assert (report.delivered, report.postponed) == (1, 1)
    assert given(good, healthy, CLASS[1]) == earned
    row = PendingScore.objects.get(registration=bad.registration)
    assert row.due_at > timezone.now()
    assert row.http_status == status
    assert nothing_is_claimed()


@pytest.fixture
def links(connection) -> list[Link]:
    """Three links, with a learner each."""
    return [of_class(connection, [sub]) for sub in CLASS[:3]]


@every("error", [RecursionError, Panic])
@every("where", ["score", "of_answer", "of_error", "strike", "begin", "delivered"])
def test_an_error_of_any_kind_anywhere_in_a_conversation_costs_its_row(connection, links, where, error):
    earned = newly_earned()
    module = {"score": send, "of_answer": retry, "of_error": retry, "delivered": outcomes}.get(where, outages)
    if where in ("strike", "begin"):
        connection.platform.faults.set("status", endpoint="scores", status=429, times=1)
    lost = request_fails(error("x"), "/scores") if where == "of_error" else nullcontext()
    with raised_in(getattr(module, where), error("\ud800")) as failed, lost:
        deliver_due()
    assert failed
    assert nothing_is_claimed()
    assert not PendingScore.objects.filter(due_at__lte=timezone.now()).exists() or where == "begin"
    connection.platform.faults.clear()
    outages.Outage.objects.all().delete()
    cache.clear()
    make_due()
    deliver_due()
    assert [given(connection, link, sub) for link, sub in zip(links, CLASS, strict=False)] == [earned] * 3


@every("error", [RuntimeError, MemoryError, Panic])
def test_an_error_of_any_kind_in_a_thread_costs_its_row(connection, links, error):
    earned = newly_earned()
    with request_fails(error("x"), "/scores") as failed:
        report = deliver_due()
    assert failed
    assert (report.delivered, report.postponed) == (2, 1)
    got = [given(connection, link, sub) for link, sub in zip(links, CLASS, strict=False)]
    assert got.count(earned) == 2
    assert nothing_is_claimed()


def test_a_conversation_that_gets_no_thread_costs_its_rows(connection, monkeypatch):
    of_class(connection, CLASS[:2])
    all_due()
    rows, run = claim.claim(connection.registration.pk, 50), Run()
    read = grades.grades_of(rows)
    with Wire() as one:
        monkeypatch.setattr(Thread, "start", lambda _: (_ for _ in ()).throw(RuntimeError("can't start new thread")))
        one.have([deliver._lane(rows, read, run)])
    run.write_down()
    assert {row.why for row in PendingScore.objects.all()} == {Why(Reason.FAILED_HERE, detail="RuntimeError")}
    assert nothing_is_claimed()


def test_an_accident_is_tried_again_and_given_up_in_the_end():
    now = timezone.now()
    assert retry.of_accident("Panic", 0, now).retry_at > now
    assert retry.of_accident("Panic", retry.MAX_ATTEMPTS - 1, now).given_up


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_whoever_ends_the_worker_ends_the_run_and_nothing_stays_claimed(connection, stop):
    of_class(connection, CLASS[:2])
    all_due()
    with raised_in(send.score, stop()), pytest.raises(stop):
        deliver_due()
    assert nothing_is_claimed()


# --- what cannot be written costs its row -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "poison",
    [
        (("detail", "\ud800"),),
        (("reason", "x" * 300), ("due_at", "no moment")),
        (("sent_given", "many"),),
    ],
)
def test_a_result_that_the_database_does_not_take_parks_its_row_and_all_others_are_written(connection, poison):
    of_class(connection)
    all_due()
    rows = claim.claim(connection.registration.pk, 50)
    notes = [(row, outcomes.delivered(row, 2, 4, Why(Reason.TAKEN, 200))) for row in rows]
    notes[2] = rows[2], outcomes.Outcome((*outcomes.FREE, *poison), (*outcomes.FREE, *poison))
    assert outcomes.write_down(notes) == []
    claim.release_lanes(rows)
    assert nothing_is_claimed()
    fresh = {row.pk: row for row in PendingScore.objects.all()}
    assert [fresh[row.pk].deliveries for row in rows] == [1, 1, 0, 1, 1]
    assert [fresh[row.pk].reason for row in rows] == ["taken", "taken", "unwritable", "taken", "taken"]
    assert [fresh[row.pk].given_up for row in rows] == [False, False, True, False, False]


def test_a_database_that_takes_nothing_is_said(connection):
    of_class(connection, CLASS[:2])
    all_due()
    rows = claim.claim(connection.registration.pk, 50)
    gone = database_fails(DatabaseError("server has gone away"), PendingScore._meta.db_table, times=1000)
    with gone, pytest.raises(DatabaseError):
        outcomes.write_down([(row, outcomes.release_unsent(row)) for row in rows])


@every("name", ["id", "label", "resourceLinkId", "tag"])
def test_half_a_surrogate_pair_in_a_column_costs_its_rows_and_no_batch(two_links, web_server, name):
    (bad, poisoned), (good, healthy) = two_links
    column = {"id": "x", "label": "x", "scoreMaximum": 4, name: f"http://127.0.0.1/\ud800{name}"}
    address = web_server.says(Said(json.dumps([column]).encode(), 200, {"Content-Type": "application/json"}))
    sent_elsewhere(bad, address, poisoned)
    LineItem.objects.filter(resource_link__link_id=poisoned.id).update(url="", container_url=address)
    earned, before = newly_earned(), len(web_server.asked)
    deliver_due()
    assert len(web_server.asked) > before
    assert given(good, healthy, CLASS[1]) == earned
    assert nothing_is_claimed()
    row = PendingScore.objects.get(registration=bad.registration)
    assert row.given_up or row.due_at > timezone.now() or row.delivered_revision == row.revision
