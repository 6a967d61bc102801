"""What was stored in words becomes reasons, and nothing that a platform said is lost (migrations 0015 to 0017)."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from lti_1p3_provider.scores.reasons import Reason
from tests.older import APP, back_to, migrate, models

BEFORE, ADDED, NAMED, AFTER = (
    "0014_declined_columns",
    "0015_reasons",
    "0016_reasons_of_old_answers",
    "0017_no_answers_in_words",
)
OLD = [  # given up because of, last answer: reason, status, detail
    ("", "HTTP 200", "taken", 200, ""),
    ("", "HTTP 409: a newer score is there", "newer_there", 409, ""),
    ("", "HTTP 503", "platform_failing", 503, ""),
    ("", "HTTP 408", "platform_failing", 408, ""),
    ("", "HTTP 302", "redirected", 302, ""),
    ("", "HTTP 429", "throttled", 429, ""),
    ("", "HTTP 403", "throttled", 403, ""),
    ("", "HTTP 401: a new access token did not help", "access_refused", 401, ""),
    (
        "refused_403",
        "HTTP 403: the tool lacks the score scope or was taken out of the course",
        "refused",
        403,
        "",
    ),
    ("refused_418", "HTTP 418", "refused", 418, ""),
    ("refused_404", "HTTP 404: something of another time", "refused", 404, "something of another time"),
    ("refused_422", "", "refused", 422, ""),
    ("gave_up", "HTTP 503", "platform_failing", 503, ""),
    ("gave_up", "", "unknown", 0, "gave_up"),
    ("gave_up", "KeyError", "failed_here", 0, "KeyError"),
    ("unwritable", "DataError", "unwritable", 0, "DataError"),
    ("service_refused", "service_refused: making a column: HTTP 403", "service_refused", 403, "making a column"),
    ("", "service_refused: reading a list: HTTP 503", "platform_failing", 503, "reading a list"),
    (
        "address_forbidden",
        "address_forbidden: https://x is not a host of this",
        "address_forbidden",
        0,
        "https://x is not a host of this",
    ),
    (
        "",
        "access_token_refused: status 400, error 'käse: HTTP 200'",
        "access_token_refused",
        0,
        "status 400, error 'käse: HTTP 200'",
    ),
    ("", "lti_error: RuntimeError", "failed_here", 0, "RuntimeError"),
    ("", "unchanged", "unchanged", 0, ""),
    ("", "the platform offers no column for this link", "no_column", 0, ""),
    ("", "the platform says that this link has no column", "column_declined", 0, ""),
    ("", "no grade: hidden, reset or never attempted; the platform keeps what it has", "no_grade", 0, ""),
    ("", "the account is switched off here; the platform keeps what it has", "account_off", 0, ""),
    ("", "what nobody remembers: HTTP", "unknown", 0, "what nobody remembers: HTTP"),
    ("", "", "", 0, ""),
]
TROUBLES = [
    ("making a column: HTTP 403", "service_refused", 403, "making a column"),
    ("a line item: NaN is no number", "answer_unreadable", 0, "a line item: NaN is no number"),
    (
        "the platform has a column of its own now; the one that this tool made keeps older scores: delete it there",
        "two_columns",
        0,
        "",
    ),
    (
        "the platform has no column for this link, and does not let us make one",
        "may_not_make_column",
        0,
        "",
    ),
    ("", "", 0, ""),
]


@pytest.fixture
def old(transactional_db: None, pytestconfig: pytest.Config) -> Any:
    """The tables of before."""
    return back_to(BEFORE, pytestconfig)


def fill(apps: Any) -> None:
    """Store a row for each of the sentences of before."""

    def model(name: str) -> Any:
        return apps.get_model(APP, name).objects

    registration = model("Registration").create(title="T", issuer="https://x.example", client_id="c")
    deployment = model("Deployment").create(registration=registration, deployment_id="1", deployment_digest="1")
    lane = model("Lane").create(name="1:0", deployment=deployment)
    same = {"registration": registration, "lane": lane, "course_key": "c", "usage_key": "u"}
    user = apps.get_model("auth", "User").objects.create(username="u")
    for number, (trouble, *_) in enumerate(TROUBLES):
        link = model("ResourceLink").create(deployment=deployment, link_id=f"{number}", link_digest=f"{number}")
        model("LineItem").create(resource_link=link, course_key="c", usage_key="u", trouble=trouble)
    item = model("LineItem").first()
    for number, (parked, last_answer, *_) in enumerate(OLD):
        person = model("PlatformUser").create(
            registration=registration, sub=f"{number}", sub_digest=f"{number}", user=user
        )
        model("PendingScore").create(
            **same, line_item=item, platform_user=person, parked=parked, last_answer=last_answer
        )
    now = timezone.now()
    model("Outage").create(registration=registration, since=now, until=now, reason="one score took 12 s")


def scores(apps: Any) -> list[tuple[Any, ...]]:
    rows = apps.get_model(APP, "PendingScore").objects.order_by("pk")
    return list(rows.values_list("given_up", "reason", "http_status", "detail"))


def test_old_answers_become_reasons(old, monkeypatch):
    monkeypatch.setattr(importlib.import_module(f"{APP}.migrations.{NAMED}"), "BATCH", 3)
    fill(old)
    new = migrate(AFTER)
    assert scores(new) == [(bool(parked), *expected) for parked, _, *expected in OLD]
    items = new.get_model(APP, "LineItem").objects.order_by("pk")
    assert list(items.values_list("reason", "http_status", "detail")) == [tuple(known) for _, *known in TROUBLES]
    outage = new.get_model(APP, "Outage").objects.get()
    assert (outage.reason, outage.http_status, outage.detail) == ("slow", 0, "12 s")
    assert {reason for _, reason, *_ in scores(new)} - {""} <= {*Reason.values}


def test_what_was_cut_off_is_gone_on_with_and_nothing_is_done_twice(old):
    fill(old)
    half = migrate(ADDED)
    rows = half.get_model(APP, "PendingScore").objects
    first = rows.order_by("pk").first()
    rows.filter(pk=first.pk).update(reason="unchanged", detail="HTTP 503")  # as if done before
    done = scores(migrate(NAMED))
    assert done[0] == (False, "unchanged", 0, "HTTP 503")
    assert done[1:] == [(bool(parked), *expected) for parked, _, *expected in OLD][1:]
    module = importlib.import_module(f"{APP}.migrations.{NAMED}")
    with connection.schema_editor() as editor:
        module.name_reasons(models(NAMED), editor)
    assert scores(models(NAMED)) == done


def test_the_version_of_before_finds_what_was_given_up(old):
    fill(old)
    migrate(AFTER)
    back = migrate(BEFORE).get_model(APP, "PendingScore").objects.order_by("pk")
    assert [bool(row.parked) for row in back] == [bool(parked) for parked, *_ in OLD]
    refused = {row.parked for row in back} & {"refused_403", "refused_404", "refused_418", "refused_422"}
    assert len(refused) == 4
