"""Activities of two registrations in one browser: the second ends the first's session, and each way back says so."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
import requests
from django.contrib.sessions.backends.db import SessionStore

from demo.browser import Browser, forms
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches import another_account
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.cases import every
from tests.connection import (
    COURSE,
    INSTRUCTOR,
    LEARNER,
    OTHER_LEARNER,
    OTHER_PROBLEM,
    PROBLEM,
    RIGHT,
    UNIT,
    WELCOME,
    answer,
)
from tests.reconnecting import ask, feature

SAYS = "Another activity was opened in this browser, with another account"
TO_DO = "go to its course and open it from there again"
AS_A_PAGE, AS_A_SCRIPT = {"Sec-Fetch-Mode": "navigate"}, {"Sec-Fetch-Mode": "cors"}


@pytest.fixture
def two(connect):
    """A browser, two registrations, and the page of the first, of which the second has taken the browser."""
    first, second, browser = connect(title="First"), connect(title="Second"), Browser()
    page = first.launch(first.link(PROBLEM, graded=True), browser=browser)
    second.enter(second.link(OTHER_PROBLEM, graded=True), browser=browser)
    assert PlatformUser.objects.count() == 2
    return browser, page, first, second


def handler(page: requests.Response) -> str:
    return forms(page)[0].action


def test_a_reload_says_so(two):
    browser, page, first, _ = two
    again = browser.get(page.url, timeout=5)
    assert again.status_code == 403
    assert SAYS in again.text
    assert TO_DO in again.text
    attempt = LaunchAttempt.objects.first()
    assert (attempt.outcome, attempt.registration) == ("other_account", first.registration)
    assert attempt.support_code in again.text
    assert first.platform.issuer in again.headers["Content-Security-Policy"]


@every("renewed", [False, True])
@every("headers", [AS_A_PAGE, AS_A_SCRIPT])
def test_an_answer_says_so(two, renewed, headers):
    browser, page, _, _ = two
    token = browser.cookies["csrftoken"] if renewed else forms(page)[0].fields["csrfmiddlewaretoken"]
    data = {"csrfmiddlewaretoken": token, "input_1": RIGHT}
    refused = browser.post(handler(page), data=data, headers=headers, timeout=5)
    assert refused.status_code == 403
    assert "no-store" in refused.headers["Cache-Control"]
    if headers is AS_A_PAGE:
        assert SAYS in refused.text
        assert TO_DO in refused.text
    else:
        said = refused.json()
        assert (said["error"], said["detail"].startswith(SAYS)) == ("other_account", True)
        assert said["support_code"] == LaunchAttempt.objects.first().support_code


def test_the_script_in_the_page_and_the_status_line_are_told_and_leave_no_record(two):
    browser, page, _, _ = two
    attempts = LaunchAttempt.objects.count()
    mine = re.search(r'data-score-status="([^"]+)"', page.text)[1]
    for asked in (ask(browser, page), browser.get(urljoin(page.url, mine), timeout=5)):
        said = asked.json()
        assert (asked.status_code, said["error"]) == (403, "other_account")
        assert said["text"].startswith(SAYS)
    assert LaunchAttempt.objects.count() == attempts


def test_the_way_back_and_a_page_of_the_lms_say_so(two):
    browser, page, _, _ = two
    back = browser.get(urljoin(page.url, feature(page, "way-back")["address"]), timeout=5)
    inner = browser.get(urljoin(page.url, f"/xblock/{PROBLEM}"), headers=AS_A_PAGE, timeout=5)
    for refused in (back, inner):
        assert refused.status_code == 403
        assert SAYS in refused.text


def test_whoever_opens_it_again_can_go_on_and_the_other_page_says_so_then(two):
    browser, _, first, second = two
    page = first.launch(first.link(PROBLEM), browser=browser)
    assert answer(browser, page).json() == {"earned": 4.0, "possible": 4.0}
    assert SAYS in browser.get(second.content_url(OTHER_PROBLEM), timeout=5).text


def test_a_third_one_does_not_make_the_first_forgotten(two, connect):
    browser, page, _, second = two
    third = connect()
    third.enter(third.link(UNIT), browser=browser)
    for address in (page.url, second.content_url(OTHER_PROBLEM)):
        assert SAYS in browser.get(address, timeout=5).text


def test_another_person_in_the_same_browser_reads_the_same(connection):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), LEARNER, browser)
    connection.enter(connection.link(WELCOME), OTHER_LEARNER, browser)
    assert SAYS in browser.get(page.url, timeout=5).text


def test_a_whole_course_says_so(connect):
    first, second, browser = connect(enrolment_mode="audit"), connect(), Browser()
    first.enter(first.link(target_link_uri=f"{first.lms}/lti/1p3/launch/{COURSE}"), browser=browser)
    second.enter(second.link(PROBLEM), browser=browser)
    home = browser.get(f"{first.lms}/courses/{COURSE}/home", headers=AS_A_PAGE, timeout=5)
    assert (home.status_code, SAYS in home.text) == (403, True)


def test_what_nobody_launched_here_is_refused_as_before(two):
    browser, page, first, _ = two
    assert "Your session has ended" in browser.get(first.content_url(UNIT), timeout=5).text
    inner = browser.get(urljoin(page.url, f"/xblock/{UNIT}"), headers=AS_A_PAGE, timeout=5)
    assert "not part of the activity" in inner.text


def test_a_browser_that_was_nobodys_reads_nothing_of_others(two):
    _, page, _, second = two
    stranger = Browser()
    assert "Your session has ended" in stranger.get(page.url, timeout=5).text
    second.enter(second.link(WELCOME), INSTRUCTOR, stranger)
    second.enter(second.link(OTHER_PROBLEM), OTHER_LEARNER, stranger)
    assert another_account.former(SessionStore(stranger.cookies["sessionid"]))
    assert "Your session has ended" in stranger.get(page.url, timeout=5).text
    assert ask(stranger, page).json() == {"error": "grant_missing"}
    inner = stranger.get(urljoin(page.url, f"/xblock/{PROBLEM}"), headers=AS_A_PAGE, timeout=5)
    assert "not part of the activity" in inner.text


def test_a_bad_token_of_the_account_that_is_signed_in_stays_the_lmss_own(connection):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    assert "CSRF" in browser.post(handler(page), data={"input_1": RIGHT}, headers=AS_A_PAGE, timeout=5).text


def test_of_a_bad_token_nothing_is_said_where_the_app_is_off(two, settings):
    browser, page, _, _ = two
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert "CSRF" in browser.post(handler(page), data={"input_1": RIGHT}, headers=AS_A_PAGE, timeout=5).text


def test_a_registration_that_leaves_its_people_the_site_still_says_so(two):
    browser, page, _, _ = two
    Registration.objects.update(confine_sessions=False)
    assert SAYS in browser.get(page.url, timeout=5).text
    assert SAYS in browser.post(handler(page), data={"input_1": RIGHT}, headers=AS_A_PAGE, timeout=5).text


def test_a_former_account_that_was_deleted_is_nobody(two):
    browser, page, first, _ = two
    Grant.objects.filter(deployment__registration=first.registration).delete()
    assert "Your session has ended" in browser.get(page.url, timeout=5).text


def test_two_activities_of_one_registration_do_not_end_each_other(connection):
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    connection.enter(connection.link(WELCOME), browser=browser)
    assert browser.get(page.url, timeout=5).status_code == 200
    assert another_account.former(SessionStore(browser.cookies["sessionid"])) == []


def test_only_so_many_accounts_are_remembered(connection):
    browser = Browser()
    names = [f"former-{number}" for number in range(another_account.MAX_FORMER + 3)]
    for name in names:
        connection.person(name)
        connection.enter(connection.link(WELCOME), name, browser)
    known = another_account.former(SessionStore(browser.cookies["sessionid"]))
    wanted = [PlatformUser.objects.get(sub=name).user_id for name in names[:-1]]
    assert known == wanted[-another_account.MAX_FORMER :]
