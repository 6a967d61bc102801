"""Who teaches a platform's course sees the scores of that course's people, in a window without a session."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import requests
from django.contrib.auth import get_user_model
from django.core import signing
from django.utils import timezone

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.launches.class_scores import LIFETIME, SALT
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import Grant
from tests.connection import (
    AGS_CLAIM,
    CLAIM,
    INSTRUCTOR,
    LEARNER,
    OTHER_COURSE,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    Connection,
    usage,
)
from tests.scoring import SCOPES, earn, fill, launched

M = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
TEACHES, LEARNS = [f"{M}Instructor"], [f"{M}Learner"]
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
BUTTON = re.compile(r'data-class-scores="([^"]*)"')


class Earlier(signing.TimestampSigner):
    """Signs as it did an hour ago."""

    def timestamp(self) -> str:
        return signing.b62_encode(int(time.time()) - LIFETIME - 1)


def opened(
    connection: Connection, roles: list[str] = TEACHES, person: str = INSTRUCTOR, link: Any = None, **claims: Any
) -> str:
    """Launch; return the content's page."""
    claimed(connection, roles, claims)
    page = connection.launch(link or connection.link(PROBLEM, graded=True), person)
    assert page.status_code == 200
    return page.text


def came(connection: Connection, person: str, link: Any = None, **claims: Any) -> None:
    """Have a learner launch."""
    claimed(connection, LEARNS, claims)
    connection.enter(link or connection.link(PROBLEM, graded=True), person)


def claimed(connection: Connection, roles: list[str], claims: dict[str, Any]) -> None:
    """Have the next launch say this; what is None is left out."""
    said = {f"{CLAIM}roles": roles, **{f"{CLAIM}{name}": value for name, value in claims.items()}}

    def changed(known: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in {**known, **said}.items() if value is not None}

    connection.platform.tamper_next_launch(claims=changed)


def token(page: str) -> str:
    """Return the token of the page's button; empty without a button."""
    found = BUTTON.search(page)
    said = json.loads(found[1].replace("&quot;", '"')) if found else {}
    assert not said or (said["address"], said["text"]) == ("/lti/1p3/class/scores/", "Scores of your class")
    return str(said.get("token", ""))


def press(connection: Connection, value: str, origin: str | None = "", **more: str) -> requests.Response:
    """Post the form as a window without any cookie does."""
    headers = {} if origin is None else {"Origin": origin or connection.lms}
    address = f"{connection.lms}/lti/1p3/class/scores/"
    return requests.post(address, data={"token": value, **more}, headers=headers, timeout=10)


def refused(answer: requests.Response, code: str = "class_scores_closed") -> bool:
    newest = LaunchAttempt.objects.order_by("-pk").first()
    return answer.status_code == 403 and newest is not None and newest.outcome == code


def context(number: int) -> dict[str, Any]:
    return {"context": {"id": f"class-{number}", "title": f"Class {number}"}}


def name_of(person: str, connection: Connection) -> str:
    return str(connection.platform.store.person(person).name)


def test_only_who_teaches_the_course_finds_the_button(connection):
    teach = (TEACHES, [f"{M}ContentDeveloper"], [f"{M}Administrator"])
    do_not = (
        LEARNS,
        [f"{M}Mentor"],
        [f"{M}Member"],
        [],
        [TEST_USER, f"{M}Instructor"],
        ["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"],
        ["http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"],
    )
    link = connection.link(PROBLEM, graded=True)
    assert [roles for roles in (*teach, *do_not) if token(opened(connection, roles, link=link))] == [*teach]


def test_nobody_without_a_name_finds_it(connection):
    Registration.objects.update(allow_anonymous=True)
    connection.platform.tamper_next_launch(
        claims=lambda known: (
            {name: value for name, value in known.items() if name != "sub"} | {f"{CLAIM}roles": TEACHES}
        )
    )
    assert not token(connection.launch(connection.link(PROBLEM)).text)


def test_the_page_shows_the_people_of_the_class_in_all_its_activities(connection):
    problem, other = (connection.link(key, graded=True) for key in (PROBLEM, OTHER_PROBLEM))
    came(connection, LEARNER, problem, **context(1))
    came(connection, OTHER_LEARNER, other, **context(1))
    page = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, problem, **context(1))))
    assert page.status_code == 200
    assert "Class 1, Emulated platform" in page.text
    for person in (LEARNER, OTHER_LEARNER):
        assert name_of(person, connection) in page.text
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "no-store" in page.headers["Cache-Control"]
    assert "Set-Cookie" not in page.headers


TODAY = usage("vertical", "today", OTHER_COURSE)


def test_scores_in_another_course_here_are_not_shown(connection):
    """One course of the platform may have links to several here."""
    problem, elsewhere = connection.link(PROBLEM, graded=True), connection.link(TODAY, course=OTHER_COURSE, graded=True)
    came(connection, LEARNER, problem, **context(1))
    came(connection, OTHER_LEARNER, elsewhere, **context(1))
    page = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, problem, **context(1))))
    assert name_of(LEARNER, connection) in page.text
    assert name_of(OTHER_LEARNER, connection) not in page.text


def test_an_activity_can_be_chosen(connection):
    problem, other = (connection.link(key, graded=True) for key in (PROBLEM, OTHER_PROBLEM))
    came(connection, LEARNER, problem, **context(1))
    came(connection, OTHER_LEARNER, other, **context(1))
    key = token(opened(connection, TEACHES, INSTRUCTOR, problem, **context(1)))
    page = press(connection, key, activity=OTHER_PROBLEM).text
    assert name_of(OTHER_LEARNER, connection) in page
    assert name_of(LEARNER, connection) not in page
    for strange in ("x", "\0", "' OR 1=1 --", "x" * 100_000):
        assert press(connection, key, activity=strange, after=strange[:50]).status_code == 200


def test_other_classes_and_other_platforms_are_not_shown(connect):
    first, second = connect(), connect()
    came(first, LEARNER, **context(1))
    came(first, OTHER_LEARNER, **context(2))
    came(second, OTHER_LEARNER, **context(1))
    page = press(first, token(opened(first, TEACHES, INSTRUCTOR, **context(1)))).text
    assert name_of(LEARNER, first) in page
    assert name_of(OTHER_LEARNER, first) not in page


def test_the_same_course_of_another_deployment_is_not_shown(connection):
    Deployment.objects.create(registration=connection.registration, deployment_id="second")
    came(connection, OTHER_LEARNER, deployment_id="second", **context(1))
    page = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, **context(1)))).text
    assert name_of(OTHER_LEARNER, connection) not in page


def test_without_a_course_of_the_platform_it_is_the_links_people(connection):
    mine, other = (connection.link(PROBLEM, graded=True) for _ in range(2))
    came(connection, LEARNER, mine, context=None)
    came(connection, OTHER_LEARNER, other, context=None)
    page = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, mine, context=None))).text
    assert name_of(LEARNER, connection) in page
    assert name_of(OTHER_LEARNER, connection) not in page


@pytest.mark.parametrize("claim", [None, {"scope": SCOPES, "lineitem": ""}], ids=["no claim", "declined"])
@pytest.mark.parametrize("where", [context(1), {"context": None}], ids=["in a course", "of one link"])
def test_what_the_platform_does_not_grade_is_not_shown(connection, claim, where):
    ungraded, graded = connection.link(PROBLEM, ags="none"), connection.link(OTHER_PROBLEM, graded=True)
    said = {} if claim is None else {AGS_CLAIM.removeprefix(CLAIM): claim}
    came(connection, LEARNER, ungraded, **where, **said)
    came(connection, OTHER_LEARNER, graded, **where)
    earn(3)
    assert PendingScore.objects.count() == 2
    page = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, ungraded, **where))).text
    assert name_of(LEARNER, connection) not in page
    assert PROBLEM not in page
    assert (name_of(OTHER_LEARNER, connection) in page) is (where["context"] is not None)
    assert ("Nobody of this class" in page) is (where["context"] is None)


def test_nobody_yet(connection):
    assert "Nobody of this class" in press(connection, token(opened(connection, **context(9)))).text


def later_learner(connection: Connection, link: Any) -> None:
    came(connection, INSTRUCTOR, link, **context(1))


def later_in_another_class(connection: Connection, link: Any) -> None:
    opened(connection, TEACHES, INSTRUCTOR, None, **context(2))


@pytest.mark.parametrize(
    "change",
    [
        later_learner,
        later_in_another_class,
        lambda *_: Registration.objects.update(enabled=False),
        lambda *_: Deployment.objects.update(status="disabled"),
        lambda *_: Grant.objects.update(until=timezone.now()),
        lambda *_: Grant.objects.all().delete(),
        lambda *_: get_user_model().objects.update(is_active=False),
        lambda *_: get_user_model().objects.all().delete(),
    ],
    ids=[
        "learns",
        "elsewhere",
        "registration off",
        "deployment off",
        "late",
        "no grant",
        "account off",
        "account gone",
    ],
)
def test_sec_19_a_button_of_before_opens_nothing(connection, change):
    link = connection.link(PROBLEM, graded=True)
    key = token(opened(connection, TEACHES, INSTRUCTOR, link, **context(1)))
    assert press(connection, key).status_code == 200
    change(connection, link)
    assert refused(press(connection, key))


def test_a_gate_that_closed_closes_the_page(connection):
    key = token(opened(connection))
    LaunchGate.objects.create(registration=connection.registration, allowed_orgs=["OtherX"])
    assert refused(press(connection, key), "gate_closed")


def test_sec_22_only_a_page_of_ours_posts_it(connection):
    key = token(opened(connection))
    for origin in ("https://evil.example", "null", None):
        assert refused(press(connection, key, origin))


@pytest.mark.parametrize("value", ["", "x", "a:b:c", "\0", "x" * 10_000])
def test_what_is_not_signed_here_opens_nothing(connection, value):
    assert refused(press(connection, value))


def test_nothing_signed_for_another_purpose_opens_it_and_nothing_too_old(connection, settings):
    about = signing.loads(token(opened(connection)), salt=SALT)
    assert refused(press(connection, signing.dumps(about, salt="lti_1p3_provider.handover")))
    assert press(connection, signing.dumps(about, salt=SALT)).status_code == 200
    assert refused(press(connection, Earlier(salt=SALT).sign_object(about)))
    foreign = {**about, "user": about["user"] + 1}
    assert refused(press(connection, signing.dumps(foreign, salt=SALT)))


def test_whoever_opens_the_address_is_told_what_to_do(connection):
    page = Browser().get(f"{connection.lms}/lti/1p3/class/scores/", timeout=10)
    assert page.status_code == 405


def test_platforms_names_are_escaped(connection):
    page = press(connection, token(opened(connection, context={"id": "c", "title": "<script>alert(1)</script>"}))).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_pages_of_many_people_follow_one_another(connection):
    link = launched(connection)
    fill(connection, 40)
    page = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, link)))
    assert page.text.count('<tr role="row">') == 26
    after = re.search(r'name="after" value="([^"]+)"', page.text)[1]
    second = press(connection, token(opened(connection, TEACHES, INSTRUCTOR, link)), after=after).text
    assert 1 < second.count('<tr role="row">') < 26
