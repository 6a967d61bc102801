"""Several frames of one person at once, over real HTTP, and what the LMS's other front ends are told."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.signals import template_rendered

from demo.browser import Browser
from demo.lms.login_cookies import NAMES
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.launches import interrupted
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import COURSE, PROBLEM, RIGHT, WELCOME, answer

FRAMES = 6


def twin(browser: Browser) -> Browser:
    """Return a browser with the same cookies."""
    other = Browser()
    other.cookies.update(browser.cookies)
    return other


@pytest.fixture(params=[True, False], ids=["prevented", "allowed"])
def concurrent_logins(request, settings):
    settings.FEATURES = {"PREVENT_CONCURRENT_LOGINS": request.param}


def launch_at_once(connection, browsers: Sequence[Browser]) -> list:
    """Post all launches at the same moment, each from its own browser; return the answers."""
    link = connection.link(PROBLEM)
    posts = [(browser, connection.launch_form(link, browser=browser)) for browser in browsers]
    together = Barrier(len(posts))

    def post(one):
        browser, form = one
        together.wait(timeout=30)
        return browser.post(form.action, data=form.fields, allow_redirects=False, timeout=60)

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(post, posts))


def require_all_work(connection, browsers: Sequence[Browser]) -> None:
    answers = launch_at_once(connection, browsers)
    assert [one.status_code for one in answers] == [302] * len(browsers), [one.text for one in answers]
    pages = [browser.get(connection.content_url(PROBLEM), timeout=20) for browser in browsers]
    assert [page.status_code for page in pages] == [200] * len(browsers)
    taken = [answer(browser, page, RIGHT) for browser, page in zip(browsers, pages, strict=True)]
    assert [one.status_code for one in taken] == [200] * len(browsers)
    assert PlatformUser.objects.count() == 1


def test_frames_of_a_first_visit_all_work(connection, concurrent_logins):
    require_all_work(connection, [Browser() for _ in range(FRAMES)])


def test_frames_of_a_later_visit_all_work(connection, concurrent_logins):
    before = Browser()
    connection.launch(connection.link(WELCOME), browser=before)
    require_all_work(connection, [twin(before) for _ in range(FRAMES)])
    assert before.get(connection.content_url(PROBLEM), timeout=20).status_code == 200  # its last minute


def test_a_session_that_is_ended_while_its_content_is_made_gives_a_readable_page(connection, settings):
    """Somebody logs in at the LMS at that moment, while the request has something to store in its session."""
    client, browser = Client(), Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    client.cookies["sessionid"] = browser.cookies["sessionid"]
    settings.SESSION_SAVE_EVERY_REQUEST = True

    def end(sender, template, **rest):
        if template.name == "demo_lms/block.html":
            Session.objects.all().delete()

    template_rendered.connect(end)
    try:
        answered = client.get(page.url.removeprefix(connection.lms))
    finally:
        template_rendered.disconnect(end)
    attempt = LaunchAttempt.objects.latest("pk")
    assert (answered.status_code, attempt.outcome, attempt.door) == (400, "session_ended", "content")
    assert attempt.support_code in answered.content.decode()
    assert connection.platform.issuer in answered["Content-Security-Policy"]


@every("status", [400, 403, 500])
def test_another_error_in_place_of_our_answer_is_left_alone_while_the_session_lives(db, status):
    request = RequestFactory().get("/")
    request.session = SessionStore()
    request.session.create()
    answered, error = HttpResponse(), HttpResponse(status=status)
    assert interrupted.readable(request, error) is error
    interrupted.note(request, answered, Trail("content"))
    assert interrupted.readable(request, answered) is answered
    assert interrupted.readable(request, error) is error
    request.session.delete()
    assert (interrupted.readable(request, error) is error) is (status != 400)


def test_a_refusal_of_our_own_stays_what_it_is_where_there_is_no_session(connection):
    assert "launch_not_posted" in Client().get("/lti/1p3/launch/").content.decode()


def test_a_block_costs_no_signing_of_the_lms_and_a_course_does(connection, monkeypatch):
    connection.registration.enrolment_mode = "audit"
    connection.registration.save()
    course = connection.link(target_link_uri=f"{connection.lms}/lti/1p3/launch/{COURSE}")
    for link, told in ((connection.link(PROBLEM), False), (course, True)):
        browser = Browser()
        connection.launch(link, browser=browser)
        assert {name: name in browser.cookies for name in NAMES} == dict.fromkeys(NAMES, told)
        if told:
            connection.launch(connection.link(PROBLEM), browser=browser)
            assert not set(NAMES) & set(browser.cookies.keys())
