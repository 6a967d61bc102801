"""A session that a launch made reaches what was launched, and nothing else of the LMS."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.browser import Browser
from demo.lms.login_cookies import NAMES, SIGNATURE, TOKEN
from demo.lms.models import BlockState, Enrolment
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches import scope
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.connection import (
    COURSE,
    LEARNER,
    OTHER_COURSE,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    RIGHT,
    SUBSECTION,
    UNIT,
    WELCOME,
    answer,
    usage,
)

ASIDE = "aside-usage-v2:{}::tagging_aside"
TODAY = usage("vertical", "today", OTHER_COURSE)
ELSEWHERE = usage("problem", "speed_of_light")


def handler(block: str, course: str = COURSE) -> str:
    return f"/courses/{course}/xblock/{block}/handler/xmodule_handler/problem_check"


class Visitor:
    """A browser in which somebody launched, and what it asks of the LMS."""

    def __init__(
        self, connection, key: str = PROBLEM, person: str = LEARNER, browser: Browser | None = None, **link: str
    ) -> None:
        self.lms, self.browser = connection.lms, browser or Browser()
        self.page = connection.launch(connection.link(key, **link), person, self.browser)
        assert self.page.status_code == 200, self.page.text

    def get(self, path: str, **headers: str):
        return self.browser.get(self.lms + path, headers=headers, timeout=5)

    def post(self, path: str, data=None, **values):
        headers = {"X-CSRFToken": self.browser.cookies.get("csrftoken", "")}
        return self.browser.post(self.lms + path, data=data, headers=headers, timeout=5, **values)

    def answers(self, path: str) -> int:
        return self.post(path, {"input_1": RIGHT}).status_code


@pytest.fixture
def visitor(connection) -> Visitor:
    """Somebody who launched one problem."""
    return Visitor(connection)


@pytest.fixture
def of_course(connection) -> Visitor:
    """Somebody who launched a whole course."""
    Registration.objects.update(enrolment_mode="audit")
    return Visitor(connection, target_link_uri=f"{connection.lms}/lti/1p3/launch/{COURSE}")


def refused(response) -> bool:
    return response.status_code == 403 and "session_confined" in response.text


# --- blocks -----------------------------------------------------------------------------------------------------------


def test_the_launched_problem_is_answered_and_no_other_is(visitor):
    assert answer(visitor.browser, visitor.page).status_code == 200
    BlockState.objects.all().delete()
    for other in (OTHER_PROBLEM, ELSEWHERE):
        assert refused(visitor.post(handler(other), {"input_1": RIGHT}))
    assert not BlockState.objects.exists()


@pytest.mark.parametrize(
    ("launched", "open_ones", "closed_ones"),
    [
        (UNIT, [PROBLEM, OTHER_PROBLEM], [ELSEWHERE]),
        (SUBSECTION, [PROBLEM, OTHER_PROBLEM], [ELSEWHERE]),
        (WELCOME, [], [PROBLEM, OTHER_PROBLEM, ELSEWHERE]),
    ],
)
def test_what_is_below_the_launched_block_is_open(connection, launched, open_ones, closed_ones):
    visitor = Visitor(connection, launched)
    assert [visitor.answers(handler(key)) for key in open_ones] == [200] * len(open_ones)
    assert [visitor.answers(handler(key)) for key in closed_ones] == [403] * len(closed_ones)


def test_what_is_above_the_launched_block_is_closed(visitor):
    assert visitor.get(f"/xblock/{PROBLEM}").status_code == 200
    for above in (UNIT, SUBSECTION, usage("chapter", "light"), usage("course", "course"), WELCOME, TODAY):
        assert refused(visitor.get(f"/xblock/{above}")), above


def test_several_launches_open_what_each_launched(connection, visitor):
    assert visitor.answers(handler(ELSEWHERE)) == 403
    Visitor(connection, usage("vertical", "speed"), browser=visitor.browser)
    assert [visitor.answers(handler(key)) for key in (ELSEWHERE, PROBLEM, OTHER_PROBLEM)] == [200, 200, 403]


HOSTILE = [
    handler(OTHER_PROBLEM.replace("+", "%2B").replace("@", "%40")),
    handler(OTHER_PROBLEM.replace("+", "%252B")),
    handler(OTHER_PROBLEM.replace("+", " ")),
    handler(OTHER_PROBLEM, OTHER_COURSE),
    handler(PROBLEM, OTHER_COURSE),
    handler(TODAY),
    handler("i4x:;_;_DemoX;_LTI101;_problem;_white_light"),
    handler("i4x:%3B_%3B_DemoX%3B_LTI101%3B_problem%3B_white_light"),
    handler(ASIDE.format(OTHER_PROBLEM.replace(":", "$:", 1))),
    handler(PROBLEM.replace("+type@", "+branch@draft-branch+type@")),
    handler(PROBLEM.replace("+type@", "+version@519665f6223ebd6980884f2b+type@")),
    handler(PROBLEM, f"{COURSE}+branch@draft-branch"),
    handler("no-key-at-all"),
    handler("lb:DemoX:LTI101:problem:white_light"),
    f"/xblock/{OTHER_PROBLEM}",
    f"/xblock/{PROBLEM.replace('+type@', '+branch@draft-branch+type@')}",
    f"/xblock/{PROBLEM}?usage_id={OTHER_PROBLEM}",
    f"/xblock/{PROBLEM}?anything={COURSE}",
    f"/xblock/{PROBLEM}?x=1,{OTHER_PROBLEM.replace('+', '%2B')}",
    f"/xblock/{PROBLEM}?x={OTHER_PROBLEM.replace(':', '%253A')}",
    f"/api/bookmarks/?course_id={COURSE}",
    f"/api/bookmarks/?course_id={COURSE}&usage_id={PROBLEM}",
    f"/api/courses/{COURSE}",
    f"/api/courses/{COURSE}?usage_id={PROBLEM}",
    f"/api/courses/ccx-v1:DemoX+LTI101+2026+ccx@1?usage_id={PROBLEM}",
    f"/courses/{COURSE}/home",
    f"/courses/{OTHER_COURSE}/home",
]


def test_no_spelling_of_another_block_or_course_opens_it(visitor):
    for path in HOSTILE:
        if "/handler/" in path:
            assert visitor.answers(path) in (403, 404), path
            assert not BlockState.objects.exists(), path
        else:
            assert refused(visitor.get(path)), path
    assert visitor.answers(handler(PROBLEM)) == 200, "the session is good to the end"


def test_other_spellings_of_the_launched_block_are_the_launched_block(visitor):
    for key in (
        PROBLEM.replace("+", "%2B").replace("@", "%40"),
        "i4x:;_;_DemoX;_LTI101;_problem;_primary_colours",
        ASIDE.format(PROBLEM.replace(":", "$:", 1)),
    ):
        assert visitor.answers(handler(key)) == 200, key


def test_a_body_that_names_content_is_read_where_that_is_known(visitor):
    for key, status in ((PROBLEM, 201), (OTHER_PROBLEM, 403), (TODAY, 403), (f"{PROBLEM}x", 403), ("nonsense", 403)):
        assert visitor.post("/api/bookmarks/", json={"usage_id": key}).status_code == status, key
    assert (
        visitor.post(
            "/api/bookmarks/",
            data=b"{",
        ).status_code
        == 403
    )
    assert visitor.post("/api/bookmarks/", json=[OTHER_PROBLEM]).status_code == 403
    assert visitor.post("/event", {"page": f"/xblock/{OTHER_PROBLEM}", "usage_id": OTHER_PROBLEM}).status_code == 200


def test_a_pages_query_cannot_ask_for_another_view(visitor, connection):
    shown = visitor.get(f"/xblock/{PROBLEM}?view=public_view&show_title=0&specific_masquerade=1")
    assert (shown.status_code, shown.headers["X-View"]) == (200, "student_view")
    door = visitor.browser.get(f"{connection.content_url(PROBLEM)}?view=public_view", timeout=5)
    assert door.status_code == 200


# --- time, switches ---------------------------------------------------------------------------------------------------


def test_when_the_time_of_a_launch_is_over_answers_are_refused(visitor):
    assert visitor.answers(handler(PROBLEM)) == 200
    Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
    scope.forget_all()
    assert visitor.answers(handler(PROBLEM)) == 403
    assert refused(visitor.get(f"/xblock/{PROBLEM}"))


def test_a_grant_ends_in_time_although_it_is_kept(connection, settings):
    settings.LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC = 1.5
    visitor = Visitor(connection)
    assert visitor.answers(handler(PROBLEM)) == 200
    (until,) = Grant.objects.values_list("until", flat=True)
    while (left := (until - timezone.now()).total_seconds()) > 0:
        time.sleep(left)
    assert visitor.answers(handler(PROBLEM)) == 403


def test_a_relaunch_opens_it_again(connection, visitor):
    Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
    scope.forget_all()
    assert visitor.answers(handler(PROBLEM)) == 403
    Visitor(connection, browser=visitor.browser)
    assert visitor.answers(handler(PROBLEM)) == 200


def test_another_process_launches_and_what_is_kept_here_does_not_refuse_it(connection, visitor):
    assert visitor.answers(handler(ELSEWHERE)) == 403
    kept = scope.scopes.get(PlatformUser.objects.get().user_id)
    Visitor(connection, ELSEWHERE)
    scope.scopes._known[PlatformUser.objects.get().user_id] = (scope.time.monotonic(), kept)
    assert visitor.answers(handler(ELSEWHERE)) == 200


@pytest.mark.parametrize("what", ["registration", "deployment"])
def test_sec_15_what_was_switched_off_opens_nothing(visitor, what):
    if what == "registration":
        Registration.objects.update(enabled=False)
    else:
        Deployment.objects.update(status=Deployment.Status.DISABLED)
    assert visitor.answers(handler(PROBLEM)) == 403


def test_a_gate_that_closes_closes_answers(connection, visitor):
    connection.gate(allowed_keys=[WELCOME])
    scope.forget_all()
    assert visitor.answers(handler(PROBLEM)) == 403


def test_where_all_of_this_is_off_nobody_is_confined(visitor, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert visitor.answers(handler(OTHER_PROBLEM)) == 200


# --- accounts, other courses, tokens ----------------------------------------------------------------------------------


def test_account_enrolment_and_other_courses_are_closed(visitor):
    for path in ("/account/settings", "/courses/"):
        assert refused(visitor.get(path, Accept="text/html"))
    assert refused(visitor.post("/account/settings", {"email": "mine@evil.example"}))
    for course in (COURSE, OTHER_COURSE):
        assert refused(visitor.post("/change_enrollment", {"course_id": course}))
    assert not Enrolment.objects.exists()
    assert not get_user_model().objects.filter(email="mine@evil.example").exists()


def test_what_names_no_content_stays_open(visitor):
    assert visitor.get("/").status_code == 200
    assert visitor.get("/static/lti_1p3_provider/in_frame.js").status_code == 200
    assert visitor.get("/api/bookmarks/").status_code == 200


def test_a_block_with_enrolment_does_not_open_the_course(connection):
    Registration.objects.update(enrolment_mode="audit")
    visitor = Visitor(connection)
    assert Enrolment.objects.filter(course_key=COURSE).exists()
    assert refused(visitor.get(f"/courses/{COURSE}/home"))
    assert refused(visitor.get(f"/api/courses/{COURSE}"))
    assert visitor.answers(handler(OTHER_PROBLEM)) == 403


def test_a_block_gives_no_token(visitor):
    assert refused(visitor.post("/login_refresh"))
    assert not {name for name in NAMES if visitor.browser.cookies.get(name)}


def test_a_whole_course_opens_its_pages_and_blocks_and_no_other_course(of_course):
    assert of_course.get(f"/courses/{COURSE}/home").status_code == 200
    assert of_course.get(f"/api/courses/{COURSE}").status_code == 200
    assert of_course.get(f"/xblock/{SUBSECTION}").status_code == 200
    assert of_course.post("/api/bookmarks/", json={"usage_id": OTHER_PROBLEM}).status_code == 201
    assert [of_course.answers(handler(key)) for key in (PROBLEM, ELSEWHERE)] == [200, 200]
    assert of_course.post("/login_refresh").status_code == 200
    for path in (f"/courses/{OTHER_COURSE}/home", f"/api/courses/{OTHER_COURSE}", f"/xblock/{TODAY}", "/courses/"):
        assert refused(of_course.get(path)), path
    assert refused(of_course.get("/account/settings"))
    assert refused(of_course.post("/change_enrollment", {"course_id": OTHER_COURSE}))


def test_a_token_of_a_launch_without_its_session_is_confined_too(of_course):
    tokens = {name: of_course.browser.cookies[name] for name in (TOKEN, SIGNATURE)}
    bare = Browser()
    bare.cookies.update(tokens)
    assert bare.get(f"{of_course.lms}/api/courses/{COURSE}", timeout=5).status_code == 200
    assert refused(bare.get(f"{of_course.lms}/api/courses/{OTHER_COURSE}", timeout=5))
    Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
    scope.forget_all()
    assert refused(bare.get(f"{of_course.lms}/api/courses/{COURSE}", timeout=5))


def test_the_token_of_an_account_that_somebody_can_sign_in_to_is_theirs(of_course):
    bare = Browser()
    bare.cookies.update({name: of_course.browser.cookies[name] for name in (TOKEN, SIGNATURE)})
    user = PlatformUser.objects.get().user
    user.set_password("secret")
    user.save()
    scope.forget_all()
    assert bare.get(f"{of_course.lms}/api/courses/{OTHER_COURSE}", timeout=5).status_code == 200


def test_a_token_confines_beside_somebody_elses_session(of_course):
    person = get_user_model().objects.create_user("person", password="secret")
    django = Client()
    django.force_login(person)
    for name in (TOKEN, SIGNATURE):
        django.cookies[name] = of_course.browser.cookies[name]
    assert django.get(f"/api/courses/{OTHER_COURSE}").status_code == 403


# --- whose session it is ----------------------------------------------------------------------------------------------


def test_a_session_of_a_password_is_never_touched(connection, client):
    get_user_model().objects.create_user("person", password="secret")
    assert client.login(username="person", password="secret")
    for path in (f"/xblock/{OTHER_PROBLEM}", "/account/settings", "/courses/", f"/api/courses/{OTHER_COURSE}"):
        assert client.get(path).status_code == 200


def test_an_account_with_a_password_that_launches_stays_its_owners(connection, client, lms):
    """Who signed in to this very account, and then launches, keeps the site."""
    visitor = Visitor(connection)
    user = PlatformUser.objects.get().user
    user.set_password("secret")
    user.save()
    assert client.login(username=user.username, password="secret")
    theirs = Browser()
    theirs.cookies.set("sessionid", client.cookies["sessionid"].value)
    Visitor(connection, browser=theirs)
    assert theirs.get(f"{lms}/account/settings", timeout=5).status_code == 200
    scope.forget_all()
    assert visitor.get("/account/settings").status_code == 403


def test_a_launch_in_somebody_elses_session_is_a_session_of_its_own(connection, client, lms):
    get_user_model().objects.create_user("person", password="secret")
    assert client.login(username="person", password="secret")
    browser = Browser()
    browser.cookies.set("sessionid", client.cookies["sessionid"].value)
    visitor = Visitor(connection, browser=browser)
    assert refused(visitor.get("/account/settings"))


def test_the_next_person_in_the_browser_has_none_of_the_firsts_content(connection, visitor):
    Visitor(connection, WELCOME, OTHER_LEARNER, visitor.browser)
    assert visitor.answers(handler(PROBLEM)) == 403
    assert visitor.get(f"/xblock/{WELCOME}").status_code == 200


def test_a_registration_may_leave_its_people_the_whole_site(connection):
    Registration.objects.update(confine_sessions=False)
    visitor = Visitor(connection)
    assert visitor.answers(handler(OTHER_PROBLEM)) == 200
    assert visitor.get("/account/settings").status_code == 200
    Grant.objects.update(until=timezone.now() - timedelta(seconds=1))
    scope.forget_all()
    assert visitor.get("/account/settings").status_code == 200
    Registration.objects.update(confine_sessions=True)
    scope.forget_all()
    assert refused(visitor.get("/account/settings"))


# --- what a refusal is ------------------------------------------------------------------------------------------------


def test_a_page_is_refused_with_a_page_and_a_script_with_json(visitor):
    for headers in ({"Accept": "text/html"}, {"Sec-Fetch-Mode": "navigate"}):
        page = visitor.get("/account/settings", **headers)
        assert page.status_code == 403
        assert page.headers["Content-Type"].startswith("text/html")
        assert "not part of the activity" in page.text
        assert visitor.page.headers["Content-Security-Policy"] == page.headers["Content-Security-Policy"]
    for headers in (
        {"Accept": "application/json"},
        {"Accept": "text/html", "X-Requested-With": "XMLHttpRequest"},
        {"Accept": "text/html", "Sec-Fetch-Mode": "cors"},
    ):
        said = visitor.get("/account/settings", **headers)
        assert said.status_code == 403
        assert json.loads(said.text)["error"] == "session_confined"
        assert "no-store" in said.headers["Cache-Control"]


def test_a_refusal_is_recorded_once_for_what_repeats(visitor):
    codes = [visitor.get(f"/xblock/{OTHER_PROBLEM}").json()["support_code"] for _ in range(5)]
    assert len(set(codes)) == 1
    row = LaunchAttempt.objects.get(support_code=codes[0])
    assert (row.outcome, row.door, row.target) == ("session_confined", "lms", f"/xblock/{OTHER_PROBLEM}")
    assert row.registration == Registration.objects.get()
    assert LaunchAttempt.objects.filter(outcome="session_confined").count() == 1
    visitor.get(f"/xblock/{TODAY}")
    assert LaunchAttempt.objects.filter(outcome="session_confined").count() == 2


# --- cost -------------------------------------------------------------------------------------------------------------


def asked(client: Client, path: str) -> list[str]:
    """Return the queries of ours that a page costs."""
    with CaptureQueriesContext(database) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in queries if "lti_1p3_provider" in query["sql"]]


def test_sessions_that_no_launch_made_cost_no_query(connection, client):
    assert asked(client, "/") == []
    client.force_login(get_user_model().objects.create_user("person"))
    assert asked(client, f"/xblock/{PROBLEM}") == []


def test_a_confined_session_costs_one_look_in_a_while(connection, client):
    visitor = Visitor(connection, UNIT)
    client.cookies["sessionid"] = visitor.browser.cookies["sessionid"]
    scope.forget_all()
    first, second = asked(client, f"/xblock/{PROBLEM}"), asked(client, f"/xblock/{PROBLEM}")
    assert len([sql for sql in first if 'FROM "lti_1p3_provider_grant"' in sql]) == 1
    assert len(second) == 1  # whether the deployment is on, as before
