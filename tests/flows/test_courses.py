"""Whole courses, and enrolment on launch."""

from __future__ import annotations

import pytest

from demo.browser import Browser, forms
from demo.lms.models import Enrolment
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import (
    COURSE,
    LEARNER,
    OTHER_COURSE,
    PROBLEM,
    RIGHT,
    WELCOME,
    Connection,
    answer,
)
from tests.scoring import course_link, given, make_due
from tests.traces import nobody_came, refusal

FRAME = {"Sec-Fetch-Dest": "iframe", "Cookie": "lti1p3-cookies=ordinary"}


@pytest.fixture
def enrolling(connection: Connection) -> Connection:
    """A registration that enrols whoever launches."""
    connection.registration.enrolment_mode = "audit"
    connection.registration.save()
    return connection


# --- enrolment --------------------------------------------------------------------------------------------------------


def test_a_launch_enrols_nobody_unless_the_registration_says_so(connection):
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    assert not Enrolment.objects.exists()


def test_a_launch_enrols_once_in_the_registrations_mode(enrolling):
    for _ in range(2):
        assert enrolling.launch(enrolling.link(WELCOME)).status_code == 200
    (enrolment,) = Enrolment.objects.all()
    assert (enrolment.course_key, enrolment.mode) == (COURSE, "audit")
    assert enrolment.user == PlatformUser.objects.get().user
    steps = LaunchAttempt.objects.filter(door="launch").latest("pk").steps
    assert steps[-7:] == ["target", "gate", "content", "account", "enrolment", "access", "records"]


def test_an_enrolment_that_is_there_keeps_its_mode(enrolling):
    enrolling.enter(enrolling.link(WELCOME))
    Enrolment.objects.update(mode="honor")
    enrolling.enter(enrolling.link(WELCOME))
    assert Enrolment.objects.get().mode == "honor"


def test_sec_20_content_outside_the_gate_enrols_nobody(enrolling):
    enrolling.gate(allowed_courses=[OTHER_COURSE])
    assert refusal(enrolling.launch(enrolling.link(WELCOME))) == "gate_closed"
    assert not Enrolment.objects.exists()


def test_sec_35_a_refusal_after_the_enrolment_takes_it_back(enrolling):
    from tests.connection import usage

    soon = usage("vertical", "later", OTHER_COURSE)
    assert refusal(enrolling.launch(enrolling.link(soon, course=OTHER_COURSE))) in (
        "content_not_started",
        "content_not_found",
    )
    assert not Enrolment.objects.exists()
    assert nobody_came()


def test_a_mode_that_the_site_does_not_have_is_said(enrolling):
    enrolling.registration.enrolment_mode = "master"
    enrolling.registration.save()
    assert refusal(enrolling.launch(enrolling.link(WELCOME))) == "content_not_accessible"
    assert "no enrolment mode 'master'" in LaunchAttempt.objects.get(door="launch").detail
    assert nobody_came()


# --- whole courses ----------------------------------------------------------------------------------------------------


def test_core_08_a_course_opens_its_own_pages(enrolling):
    page = enrolling.launch(course_link(enrolling))
    assert page.status_code == 200
    assert page.url == f"{enrolling.lms}/courses/{COURSE}/home"


def test_a_course_is_also_named_by_its_own_block(enrolling):
    block = f"{COURSE.replace('course-v1:', 'block-v1:')}+type@course+block@course"
    page = enrolling.launch(enrolling.link(target_link_uri=f"{enrolling.lms}/lti/1p3/launch/{COURSE}/{block}"))
    assert page.url == f"{enrolling.lms}/courses/{COURSE}/home"


def test_a_course_needs_an_enrolment(connection):
    assert refusal(connection.launch(course_link(connection))) == "content_not_accessible"
    assert "enrolment mode" in LaunchAttempt.objects.get(door="launch").detail
    assert nobody_came()


@pytest.mark.parametrize(
    ("gate", "opens"),
    [
        ({"allowed_courses": [COURSE]}, True),
        ({"allowed_orgs": ["DemoX"]}, True),
        ({"allowed_keys": [PROBLEM]}, False),
        ({"allowed_courses": [OTHER_COURSE]}, False),
        ({"allowed_courses": [COURSE], "block_filter": {"all": ["problem"]}}, False),
    ],
)
def test_sec_20_a_gate_decides_about_a_course_too(enrolling, gate, opens):
    enrolling.gate(**gate)
    page = enrolling.launch(course_link(enrolling))
    assert (page.url.endswith("/home") and page.status_code == 200) if opens else refusal(page) == "gate_closed"


def test_a_course_that_does_not_exist_is_not_found(enrolling):
    page = enrolling.launch(course_link(enrolling, "course-v1:No+Such+Course"))
    assert refusal(page) == "content_not_found"


def test_the_score_of_a_course_is_its_grade_in_percent(enrolling):
    browser, link = Browser(), course_link(enrolling, graded=True)
    home = enrolling.launch(link, browser=browser)
    problem = next(number for number, form in enumerate(forms(home)) if PROBLEM in form.action)
    assert answer(browser, home, RIGHT, number=problem).json() == {"earned": 4.0, "possible": 4.0}
    make_due()
    deliver_due()
    percent, maximum = given(enrolling, link, LEARNER)
    assert maximum == 100
    assert 0 < percent < 100


def test_a_course_in_a_frame_opens_in_a_window_of_its_own(enrolling):
    form = enrolling.launch_form(course_link(enrolling), browser=(browser := Browser()))
    page = browser.post(form.action, data=form.fields, headers={"Sec-Fetch-Dest": "iframe"}, timeout=10)
    assert "Open in a new window" in page.text
    assert f"frame-ancestors 'self' {enrolling.platform.issuer}" in page.headers["Content-Security-Policy"]
    window = Browser()
    own = {"Origin": enrolling.lms, "Sec-Fetch-Site": "same-origin"}
    home = window.post(f"{enrolling.lms}/lti/1p3/continue/", data=forms(page)[0].fields, headers=own, timeout=10)
    assert home.url == f"{enrolling.lms}/courses/{COURSE}/home"
