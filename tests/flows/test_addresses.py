"""Addresses of ours as people and platforms write them: with a blank for a plus, without the final slash, and with the
launch posted to the link's own address."""

from __future__ import annotations

import json
from io import StringIO
from urllib.parse import quote

import pytest
import requests
from django.core.management import call_command

from demo.browser import Browser, forms
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.registrations.models import Registration
from tests.cases import every
from tests.connection import COURSE, LEARNER, PROBLEM, UNPUBLISHED, WELCOME, usage


@every("plus", [" ", "%20", "%2B", "%252B"])
def test_a_course_key_never_holds_a_blank(connection, plus):
    address = connection.content_url(PROBLEM.replace("+", plus), COURSE.replace("+", plus))
    assert connection.launch(connection.link(target_link_uri=address, graded=True)).status_code == 200
    assert LaunchAttempt.objects.first().outcome == "ok"


@every("written", [" {}", "{}\n", "\t{} ", "{}%20", "{}/%0A", "\ufeff{}", "{}%E2%80%8B"])
def test_white_space_that_was_copied_with_an_address_does_not_matter(connection, written):
    address = written.format(connection.content_url(PROBLEM))
    assert connection.launch(connection.link(target_link_uri=address, graded=True)).status_code == 200
    assert LaunchAttempt.objects.first().outcome == "ok"


@every("posted_to", ["launch", "link"])
@every("block", [f"/{WELCOME}", ""])
def test_a_final_slash_too_much_loses_nothing(connect, block, posted_to):
    connection = connect(enrolment_mode="audit")  # whole courses need it
    browser, address = Browser(), f"{connection.lms}/lti/1p3/launch/{COURSE}{block}/"
    form = connection.launch_form(connection.link(target_link_uri=address), browser=browser)
    if posted_to == "link":
        form.action = address
    assert browser.submit(form).status_code == 200
    assert LaunchAttempt.objects.first().outcome == "ok"
    assert browser.get(address, timeout=10).status_code == 200


@every("door", ["login", "launch", "deep-linking", "deep-linking/launch"])
def test_an_address_without_its_final_slash_loses_nothing(connection, door):
    browser, link = Browser(), connection.link(PROBLEM)
    initiation = forms(browser.get(connection.platform.launch_url(link.id, LEARNER), timeout=10))[0]
    if door == "login":
        initiation.action = initiation.action.removesuffix("/")
    form = forms(browser.submit(initiation))[0]
    if door != "login":
        form.action = f"{connection.lms}/lti/1p3/{door}"
    assert browser.submit(form).status_code == 200
    assert LaunchAttempt.objects.first().outcome == "ok"
    for keys in ("jwks", "orgs/some/jwks"):
        found = requests.get(f"{connection.lms}/lti/1p3/pub/{keys}", timeout=10, allow_redirects=False)
        assert found.json()["keys"]


def test_a_launch_that_is_posted_to_the_links_own_address_is_a_launch(connection):
    browser, link = Browser(), connection.link(PROBLEM)
    form = connection.launch_form(link, browser=browser)
    form.action = link.target_link_uri
    assert browser.submit(form).status_code == 200
    assert LaunchAttempt.objects.first().outcome == "ok"


@every("fields", [{}, {"id_token": "a.b.c"}, {"state": "x"}, {"input": "answer"}])
def test_any_other_post_to_a_links_address_is_answered_with_a_support_code(connection, fields):
    page = requests.post(connection.content_url(PROBLEM), data=fields, timeout=10)
    assert LaunchAttempt.objects.first().support_code in page.text
    assert page.status_code in (400, 403)


def test_what_is_verified_decides_and_not_the_address_it_was_posted_to(connection):
    browser, link = Browser(), connection.link(PROBLEM)
    form = connection.launch_form(link, browser=browser)
    form.action = connection.content_url(UNPUBLISHED)
    landed = browser.submit(form)
    assert (landed.status_code, landed.url) == (200, link.target_link_uri)


def test_a_section_says_that_it_cannot_be_opened_by_itself(connection):
    page = connection.launch(connection.link(usage("chapter", "light")))
    assert page.status_code == 404
    assert "A section cannot be opened by itself" in page.text
    assert LaunchAttempt.objects.first().outcome == "content_has_no_page"


@every(
    "named, opened",
    [
        (PROBLEM, PROBLEM),
        (PROBLEM.replace("+", " "), PROBLEM),
        (quote(PROBLEM), PROBLEM),
        ("{lms}/lti/1p3/launch/" + f"{COURSE}/{PROBLEM}", PROBLEM),
        ("$Unknown.variable", WELCOME),
        ("  ", WELCOME),
    ],
)
def test_a_custom_parameter_chooses_what_a_link_opens(connection, named, opened):
    custom = {"openedx_target": named.format(lms=connection.lms)}
    page = connection.launch(connection.link(WELCOME, custom=custom, graded=True))
    assert (page.status_code, page.url) == (200, connection.content_url(opened))


def test_with_that_parameter_one_address_serves_all_activities(connection):
    one = f"{connection.lms}/lti/1p3/launch/"
    link = connection.link(target_link_uri=one, custom={"openedx_target": PROBLEM}, graded=True)
    assert connection.launch(link).url == connection.content_url(PROBLEM)
    assert connection.launch(connection.link(target_link_uri=one)).status_code == 400
    assert LaunchAttempt.objects.first().outcome == "target_invalid"


@pytest.mark.parametrize(
    ("named", "outcome"),
    [
        (PROBLEM, "gate_closed"),
        ("block-v1:x", "target_invalid"),
        ("Org/Course/Run", "target_invalid"),
        (quote(PROBLEM), "gate_closed"),
        ("https://elsewhere.example/lti/1p3/launch/x/y", "target_invalid"),
        ("javascript://x", "target_invalid"),
    ],
)
def test_the_parameter_passes_no_gate_and_no_check(connection, named, outcome):
    connection.gate(allowed_keys=[WELCOME])
    connection.launch(connection.link(WELCOME, custom={"openedx_target": named}))
    attempt = LaunchAttempt.objects.first()
    assert (attempt.outcome, attempt.target) == (outcome, named)


def test_other_hosts_of_a_platform_can_be_registered_by_command(connection):
    row = connection.registration
    call_command(
        "lti_1p3_register",
        *("--title", row.title, "--issuer", row.issuer, "--client-id", row.client_id, "--deployment-id", "1"),
        *("--auth-login-url", row.auth_login_url, "--auth-token-url", row.auth_token_url),
        *("--key-set-url", row.key_set_url, "--other-host", "files.school.edu", "--other-host", "https://*.school.edu"),
        "--json",
        stdout=(out := StringIO()),
    )
    assert json.loads(out.getvalue())["registration"] == row.pk
    assert Registration.objects.get(pk=row.pk).other_origins == "https://files.school.edu https://*.school.edu"
