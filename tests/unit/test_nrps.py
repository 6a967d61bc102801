"""Memberships: what is asked of a platform, and what is made of its answers (NRPS-01 to NRPS-04, SEC-05).

A conversation is a generator that wants answers, so none of this needs a server.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.core.cache import cache

from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, PlatformUnreachable, ServiceRefused
from lti_1p3_provider.lti import access_tokens, nrps, store
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.lti.nrps import Status
from lti_1p3_provider.registrations.models import Deployment, Registration
from tests.cases import every
from tests.conversing import talk

pytestmark = pytest.mark.django_db

HERE = "https://lms.example/api/members?course=1"


@pytest.fixture
def deployment() -> Deployment:
    """A deployment whose access token is known, so that nobody is asked for one."""
    cache.clear()
    found = Deployment(pk=7, registration=Registration(pk=3, issuer="https://lms.example", platform="generic"))
    store.put(access_tokens._name(found, frozenset([nrps.SCOPE])), "secret", 60)
    return found


def said(*members: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps({"id": HERE, "members": list(members)}).encode(), HERE)


def read(deployment: Deployment, *members: Any) -> nrps.Members:
    return talk(nrps.read(deployment, HERE), said(*members))[0]


def test_nrps_01_scope_and_media_type(deployment):
    _, (asked,) = talk(nrps.read(deployment, HERE), said({"user_id": "a"}))
    assert asked.method == "GET"
    assert asked.headers["Accept"] == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    assert asked.headers["Authorization"] == "Bearer secret"


def test_nrps_02_a_limit_is_added_to_an_address_that_has_parameters(deployment):
    _, (asked,) = talk(nrps.read(deployment, HERE), said())
    assert asked.url == f"{HERE}&limit=100"


def test_nrps_02_a_platform_that_knows_no_parameters_is_asked_without(deployment):
    found, asked = talk(nrps.read(deployment, HERE), said(status=400), said({"user_id": "a"}))
    assert [one.url for one in asked] == [f"{HERE}&limit=100", HERE]
    assert len(found.people) == 1


def test_nrps_02_the_next_page_is_asked_for_as_it_is_named(deployment):
    following = "https://lms.example/api/members?P=AbC&course=1&x=%2f"
    first = said({"user_id": "a"}, link=f'<{following}>; rel="next"')
    found, asked = talk(nrps.read(deployment, HERE), first, said({"user_id": "b"}))
    assert asked[1].url == following
    assert [one.sub for one in found.people] == ["a", "b"]


@every("address", ["http://[bad", "javascript:1", "https://other.example/since", ""])
@every("relation", ["differences", "prev", "self"])
def test_nrps_02_other_addresses_than_the_next_pages_are_not_looked_at(deployment, address, relation):
    answer = said({"user_id": "a"}, link=f'<{address}>; rel="{relation}"')
    found, asked = talk(nrps.read(deployment, HERE), answer)
    assert (found.complete, len(asked)) == (True, 1)


@every(
    "written, status",
    [
        (None, "Active"),
        ("", "Active"),
        ("Active", "Active"),
        ("ACTIVE", "Active"),
        ("http://purl.imsglobal.org/vocab/lis/v2/status#Active", "Active"),
        ("liss:Inactive", "Inactive"),
        ("INACTIVE", "Inactive"),
        ("Deleted", "Deleted"),
        ("Suspended", "Inactive"),
        (7, "Inactive"),
        (["Active"], "Inactive"),
    ],
)
def test_nrps_03_states(deployment, written, status):
    assert read(deployment, {"user_id": "a", "status": written}).people[0].status == status


@pytest.mark.parametrize(
    ("written", "is_unclear"),
    [("Enrolled", True), ("Suspended", True), (7, True), (False, True), ({}, True), ("inactive", False), (None, False)],
)
def test_nrps_03_a_status_that_is_not_the_specifications_is_unclear(deployment, written, is_unclear):
    (found,) = read(deployment, {"user_id": "a", "status": written}).people
    assert found.is_unclear == is_unclear


@pytest.mark.parametrize(
    ("other", "is_unclear"), [("Active", False), ("Deleted", True), ("Inactive", True), ("odd", True)]
)
def test_nrps_03_whoever_stands_twice_is_as_clear_as_the_better_entry(deployment, other, is_unclear):
    for statuses in (("odd", other), (other, "odd")):
        (found,) = read(deployment, *({"user_id": "a", "status": one} for one in statuses)).people
        assert found.is_unclear == is_unclear


def test_nrps_03_no_status_is_active(deployment):
    assert read(deployment, {"user_id": "a"}).people[0].status is Status.ACTIVE


def test_nrps_04_personal_data_may_be_missing_and_are_not_kept(deployment):
    named = {"user_id": "a", "name": "Ada \ud800", "email": 7, "given_name": None}
    assert read(deployment, named) == read(deployment, {"user_id": "a"})
    assert "Ada" not in repr(read(deployment, named))


@every("sub", ["a", "A b", 7, "7", "ä", "x" * 2048])
def test_ids_may_be_numbers(deployment, sub):
    assert read(deployment, {"user_id": sub}).people[0].sub == str(sub)


@every(
    "odd",
    [
        {},
        {"user_id": None},
        {"user_id": ""},
        {"user_id": " "},
        {"user_id": True},
        {"user_id": 7.5},
        {"user_id": ["a"]},
        {"user_id": "$User.id"},
        {"user_id": "a\x00"},
        {"user_id": "\udc00"},
        {"user_id": "x" * 2049},
        {"user_id": 10**1001},
        {"user_id": "x", "deep": json.loads("[" * 30 + "]" * 30)},
        7,
        None,
        "a",
    ],
)
def test_an_odd_member_is_left_out_and_counted_and_hides_nobody(deployment, odd):
    found = read(deployment, {"user_id": "a"}, odd, {"user_id": "b"})
    assert [one.sub for one in found.people] == ["a", "b"]
    assert found.odd == 1
    assert not found.complete


def test_a_list_of_nobody_is_not_the_whole_truth(deployment):
    assert not read(deployment).complete
    assert read(deployment, {"user_id": "a"}).complete


@every(
    "written, context",
    [
        (["Learner"], {"Learner"}),
        ("Learner", {"Learner"}),
        (["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor", 7, None], {"Instructor"}),
        (["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"], set()),
        (None, set()),
        ({"a": 1}, set()),
    ],
)
def test_roles_are_read_as_in_launches(deployment, written, context):
    assert read(deployment, {"user_id": "a", "roles": written}).people[0].roles.context == context


def test_whoever_stands_twice_is_one_person_with_all_roles(deployment):
    twice = {"user_id": "a", "roles": ["Learner"], "status": "Inactive"}, {"user_id": "a", "roles": ["Mentor"]}
    (found,) = read(deployment, *twice).people
    assert found.roles.context == {"Learner", "Mentor"}
    assert found.status is Status.ACTIVE


@every(
    "body", [b"", b"[]", b"{}", b'{"members": null}', b'{"members": {}}', b'{"members": [], "members": []}', b'{"memb']
)
def test_nrps_03_an_answer_without_a_list_is_no_empty_course(deployment, body):
    with pytest.raises(AnswerUnreadable, match="a list: "):
        talk(nrps.read(deployment, HERE), Answer(200, {}, body))


def page(number: int) -> Answer:
    return said({"user_id": str(number)}, link=f'<https://lms.example/p?n={number + 1}>; rel="next"')


@every("last", [Answer(204, {}, b""), Answer(205, {}, b" "), said(), said(status=204)])
def test_nrps_02_after_the_last_page_there_may_be_one_without_people(deployment, last):
    found, _ = talk(nrps.read(deployment, HERE), page(1), last)
    assert ([one.sub for one in found.people], found.odd) == (["1"], 0)


@every("last", [said(status=500), said(status=404), said(status=403), Answer(200, {}, b"x")])
def test_nrps_03_a_page_that_fails_makes_the_whole_fail(deployment, last):
    with pytest.raises((ServiceRefused, AnswerUnreadable)):
        talk(nrps.read(deployment, HERE), page(1), last)


def test_nrps_02_pages_that_go_in_a_circle_or_never_end_are_noticed(deployment):
    with pytest.raises(AnswerUnreadable, match="goes in a circle"):
        talk(nrps.read(deployment, HERE), page(1), page(1))
    with pytest.raises(AnswerUnreadable, match="more than 1000 pages"):
        talk(nrps.read(deployment, HERE), *(page(number) for number in range(1, 1001)))


def test_nrps_02_all_pages_together_take_ten_minutes_at_most(deployment, monkeypatch):
    conversation, began = nrps.read(deployment, HERE), time.monotonic()
    next(conversation)
    monkeypatch.setattr(time, "monotonic", lambda: began + 601)
    with pytest.raises(PlatformUnreachable, match="longer than 600 s"):
        conversation.send(page(1))


@every("url", ["https://other.example/members", "http://lms.example/m", "javascript:1", "https://[", ""])
def test_sec_05_the_token_goes_to_no_other_host(deployment, url):
    with pytest.raises(AddressForbidden):
        next(nrps.read(deployment, url))


def test_sec_05_nor_does_it_with_a_next_page(deployment):
    with pytest.raises(AddressForbidden):
        talk(nrps.read(deployment, HERE), said(link='<https://other.example/p>; rel="next"'))
