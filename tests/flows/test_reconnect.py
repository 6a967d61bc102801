"""What a content page learns when its session has ended, and the link back to the platform."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
import requests
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import RequestFactory

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches import targets
from lti_1p3_provider.launches.way_back import MAX_BLOCKS, address, remember
from lti_1p3_provider.registrations.models import Deployment
from tests.cases import every
from tests.connection import COURSE, LEARNER, OTHER_LEARNER, PROBLEM, UNIT, WELCOME
from tests.reconnecting import ask, feature
from tests.team import signed_in, somebody


def opened(connection, person=LEARNER, browser=None, usage_key=PROBLEM):
    browser = browser or Browser()
    page = connection.launch(connection.link(usage_key), person, browser)
    assert page.status_code == 200
    return browser, page


def test_whoever_is_still_signed_in_is_the_pages_learner_and_gets_the_token_of_the_next_answer(connection):
    browser, page = opened(connection)
    said = ask(browser, page)
    assert said.json()["learner"] == feature(page, "reconnect")["learner"]
    assert "no-store" in said.headers["Cache-Control"]
    form = re.search(r'action="([^"]+)"', page.text)[1]
    headers = {"X-CSRFToken": said.json()["csrf"]}
    assert browser.post(urljoin(page.url, form), data={"input_1": ["Red"]}, headers=headers, timeout=5).ok


def test_a_session_that_is_over_is_told_so_and_leaves_no_record(connection):
    browser, page = opened(connection)
    attempts = LaunchAttempt.objects.count()
    browser.cookies.clear()
    assert ask(browser, page).status_code == 403
    assert ask(browser, page).json() == {"error": "grant_missing"}
    assert LaunchAttempt.objects.count() == attempts


def test_after_another_launch_the_same_person_has_the_same_name(connection):
    browser, page = opened(connection)
    browser.cookies.clear()
    opened(connection, browser=browser)
    assert ask(browser, page).json()["learner"] == feature(page, "reconnect")["learner"]


def test_somebody_else_has_another_name_although_they_may_open_the_block(connection):
    browser, page = opened(connection)
    opened(connection, OTHER_LEARNER, browser)
    assert ask(browser, page).json()["learner"] != feature(page, "reconnect")["learner"]


def test_the_page_has_a_word_for_each_thing_that_happens(connection):
    _, page = opened(connection)
    said = feature(page, "reconnect")
    assert set(said) == {"address", "learner", "words"}
    assert set(said["words"]) == {"ended", "other", "back", "renewed", "restored", "check"}
    assert all(said["words"].values())


def test_the_name_says_nothing_about_the_account(connection):
    _, page = opened(connection)
    assert re.fullmatch(r"[0-9a-f]{20}", feature(page, "reconnect")["learner"])


def test_sec_15_a_switched_off_deployment_ends_it(connection):
    browser, page = opened(connection)
    Deployment.objects.update(status="disabled")
    assert ask(browser, page).status_code == 403


def test_switched_off_there_is_no_such_address(connection, settings):
    browser, page = opened(connection)
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert ask(browser, page).status_code == 404


SCRIPT, PAGE = {"Sec-Fetch-Dest": "empty"}, {"Sec-Fetch-Dest": "document"}


def changes_session(answered: requests.Response) -> bool:
    """Tell whether an answer deletes or replaces the session's cookie."""
    return "sessionid=" in answered.headers.get("Set-Cookie", "")


def late(url: str, browser: Browser, headers: dict[str, str]) -> requests.Response:
    """Ask with the cookies of a session that has just ended."""
    cookies = browser.cookies.get_dict()
    return requests.get(url, cookies=cookies, headers=headers, allow_redirects=False, timeout=5)


@every("feature_name", ["reconnect", "score-status"])
def test_a_scripts_late_answer_leaves_the_session_of_whoever_signed_in_meanwhile(connection, feature_name):
    browser, page = opened(connection)
    named = feature(page, "reconnect")["address"]
    asked = urljoin(page.url, named if feature_name == "reconnect" else named.replace("/session/", "/scores/mine/"))
    assert late(asked, browser, SCRIPT).status_code == 200
    Session.objects.all().delete()
    answered = late(asked, browser, SCRIPT)
    assert answered.status_code == 403
    assert not changes_session(answered)
    assert changes_session(late(asked, browser, PAGE))
    assert changes_session(late(page.url, browser, PAGE))


def test_pages_of_staff_leave_it_too_and_pages_of_the_lms_keep_their_ways(connection):
    teacher = signed_in(connection, somebody("teacher", COURSE, is_superuser=True, is_staff=True))
    Session.objects.all().delete()
    ours = (f"/lti/1p3/links/{COURSE}/?below={UNIT}", "/admin/lti_1p3_provider/registration/guided/courses/")
    for path in ours:
        assert not changes_session(late(connection.lms + path, teacher, SCRIPT)), path
        assert changes_session(late(connection.lms + path, teacher, PAGE)), path
    assert changes_session(late(f"{connection.lms}/admin/auth/user/", teacher, SCRIPT))


def test_a_script_that_ends_a_switched_off_session_leaves_it_and_signs_out(connection):
    browser, page = opened(connection)
    Deployment.objects.update(status="disabled")
    answered = late(urljoin(page.url, feature(page, "reconnect")["address"]), browser, SCRIPT)
    assert answered.status_code == 403
    assert not changes_session(answered)
    assert not Session.objects.filter(pk=browser.cookies["sessionid"]).exists()


def way_back(browser: Browser, page: requests.Response) -> str | None:
    """Return where the link below a page leads, as its script shows it; None without a link."""
    found = feature(page, "way-back")
    if found is None:
        return None
    answered = browser.get(urljoin(page.url, found["address"]), allow_redirects=False, timeout=5)
    assert answered.status_code == 302
    assert answered.headers["Referrer-Policy"] == "no-referrer"
    return answered.headers["Location"]


def test_the_way_back_is_what_the_newest_launch_of_the_block_named(connection):
    browser, page = opened(connection)
    assert feature(page, "way-back")["text"] == f"Back to {connection.registration.title}"
    first = way_back(browser, page)
    assert first.startswith(f"{connection.platform.base_url}/return")
    _, other = opened(connection, browser=browser, usage_key=UNIT)
    assert way_back(browser, other) != first
    assert way_back(browser, page) == first


def test_the_page_does_not_know_the_address_of_the_platform(connection):
    """It may hold a token of the person's session there."""
    browser = Browser()
    page = named(connection, "https://platform.example/return.php?sesskey=s3cret", browser)
    assert "s3cret" not in page.text
    assert way_back(browser, page).endswith("sesskey=s3cret")
    door = urljoin(page.url, feature(page, "way-back")["address"])
    assert requests.get(door, timeout=5).status_code == 403  # somebody else's browser


def named(connection, return_url, browser=None):
    """Launch with a ``return_url``; return the page."""

    def change(claims):
        claims["https://purl.imsglobal.org/spec/lti/claim/launch_presentation"]["return_url"] = return_url
        return claims

    connection.platform.tamper_next_launch(claims=change)
    return opened(connection, browser=browser, usage_key=WELCOME)[1]


def test_a_launch_without_a_way_back_takes_the_former_away(connection):
    browser = Browser()
    there = "https://platform.example/there?a=1&b=2"
    assert way_back(browser, named(connection, there, browser)) == there
    assert feature(named(connection, "", browser), "way-back") is None


def test_a_way_back_that_is_no_web_address_is_none(connection):
    for url in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//host",
        "https://user:secret@host/",
        "https://h/" + "x" * 3000,
    ):
        assert feature(named(connection, url), "way-back") is None, url


@pytest.mark.parametrize(("length", "kept"), [(2000, True), (2001, False)])
def test_a_way_back_has_a_length(length, kept):
    request, target = RequestFactory().get("/"), targets.from_keys(COURSE, PROBLEM)
    request.session = {}
    url = "https://platform.example/".ljust(length, "x")
    remember(request, target, url)
    assert address(request, target) == (url if kept else "")
    assert bool(request.session) is kept


def test_a_session_without_a_way_back_is_not_written_and_one_with_many_keeps_twenty():
    request = RequestFactory().get("/")
    request.session = {}
    remember(request, targets.from_keys(COURSE, PROBLEM), "")
    assert request.session == {}
    blocks = [targets.from_keys(COURSE, f"{PROBLEM}{number}") for number in range(22)]
    for number, block in enumerate(blocks):
        remember(request, block, f"https://platform.example/{number}")
    assert [address(request, block) for block in blocks[:3]] == ["", "", "https://platform.example/2"]
    remember(request, blocks[5], "https://platform.example/new")
    assert address(request, blocks[2]) == "https://platform.example/2"


def test_a_session_keeps_the_ways_back_of_its_newest_blocks(connection):
    browser, first = opened(connection)
    request = RequestFactory().get("/")
    request.session = SessionStore(browser.cookies["sessionid"])
    for number in range(MAX_BLOCKS - 1):
        remember(request, targets.from_keys(COURSE, f"{PROBLEM}{number}"), "https://platform.example/")
    request.session.save()
    assert feature(browser.get(first.url, timeout=5), "way-back")
    opened(connection, browser=browser, usage_key=UNIT)
    assert feature(browser.get(first.url, timeout=5), "way-back") is None
