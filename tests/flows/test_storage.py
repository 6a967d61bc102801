"""Frames in which our cookies do not work: the platform keeps the proof, and a window of its own goes on (STOR).

A browser is acted out here, by what it sends; ``tests/browser`` has a real one.
"""

from __future__ import annotations

import json
import re
import time
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
from django.contrib.auth.models import Group
from django.core import signing

from demo.browser import Browser, Form, forms
from demo.lms.people import TEAM
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches import handover
from lti_1p3_provider.lti.launch import STORED
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import COURSE, PROBLEM, Connection, answer
from tests.traces import refusal

FRAME = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}


def in_frame(connection: Connection, **changes: str) -> requests.Response:
    """Send a login initiation as a browser does for a frame; return our answer."""
    browser = Browser()
    initiation = forms(browser.get(connection.platform.launch_url(connection.link(PROBLEM, graded=True).id, "u-1001")))[
        0
    ]
    data = {**initiation.fields, **changes}
    return Browser().post(initiation.action, data=data, headers=FRAME, allow_redirects=False, timeout=5)


def data_of(page: requests.Response) -> dict[str, Any]:
    """Return what our page gives to its script."""
    return json.loads(unescape(re.search(r'<script id="lti-data"[^>]*>(.*?)</script>', page.text, re.S)[1]))


def posted(connection: Connection, url: str) -> Form:
    """Follow the authentication request; return the platform's form, not yet sent."""
    return forms(Browser().get(url, timeout=5))[0]


def send(form: Form, **fields: str) -> requests.Response:
    """Post a launch from the frame, without cookies: the platform's form, or our own page's with a proof."""
    data = {**form.fields, **fields}
    own = {"Sec-Fetch-Site": "same-origin", "Origin": form.action.partition("/lti/")[0]} if STORED in data else {}
    return Browser().post(form.action, data=data, headers={**FRAME, **own}, allow_redirects=False, timeout=10)


def proven(connection: Connection) -> requests.Response:
    """Launch in a frame without cookies whose proof the platform kept; return our answer."""
    data = data_of(in_frame(connection, lti_storage_target="_parent"))
    asks = send(posted(connection, data["storedNext"]))
    return send(forms(asks)[0], **{STORED: data["value"]})


def go_on(connection: Connection, page: requests.Response, browser: Browser, **headers: str) -> requests.Response:
    """Press the button of the hand-over in a window of its own."""
    form = forms(page)[0]
    own = {"Origin": connection.lms, "Sec-Fetch-Site": "same-origin", **headers}
    return browser.post(f"{connection.lms}/lti/1p3/continue/", data=form.fields, headers=own, timeout=10)


# --- login ------------------------------------------------------------------------------------------------------------


def test_stor_01_a_frame_tries_cookies_before_the_platform_is_asked(connection):
    page = in_frame(connection)
    assert page.status_code == 200
    data = data_of(page)
    assert data["next"].startswith(connection.platform.auth_login_url)
    assert data["proof"] == {"name": "lti1p3-cookies", "path": "/lti/1p3/", "secure": False}
    assert f"frame-ancestors 'self' {connection.platform.issuer}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert connection.platform.pending_launches.peek(
        parse_qs(urlsplit(data["next"]).query)["lti_message_hint"][0], connection.platform.now
    )


SENT = {
    "iss": "kept",
    "login_hint": "a&b",
    "lti_message_hint": "hint",
    "target_link_uri": "kept",
    "client_id": "kept",
    "lti_deployment_id": "1",
}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_stor_01_the_login_can_be_begun_again_here_and_in_a_window_with_all_that_was_sent(connection, method):
    initiation = forms(Browser().get(connection.platform.launch_url(connection.link(PROBLEM).id, "u-1001")))[0]
    kept = {name: initiation.fields[name] for name, value in SENT.items() if value == "kept"}
    sent = {**SENT, **kept, "lti_storage_target": "_parent"}
    also = {"unknown": "x"}
    how = {"data": {**sent, **also}} if method == "POST" else {"params": {**sent, **also}}
    page = Browser().request(method, initiation.action, headers=FRAME, allow_redirects=False, timeout=5, **how)
    address, _, query = data_of(page)["again"].partition("?")
    assert address == "/lti/1p3/login/"
    assert dict(parse_qsl(query)) == sent
    (window,) = forms(page)
    assert window.fields == {name: value for name, value in sent.items() if name != "lti_storage_target"}
    assert window.action == initiation.action


@pytest.mark.parametrize(("root", "secure"), [("https://lms.example", True), ("http://lms.example", False)])
def test_stor_01_the_cookie_that_is_tried_is_a_secure_one_where_the_site_is(connection, settings, root, secure):
    settings.LMS_ROOT_URL = root
    assert data_of(in_frame(connection))["proof"]["secure"] is secure


@every("kind", ["frame", "embed", "object"])
def test_stor_01_older_kinds_of_frames_are_frames(connection, monkeypatch, kind):
    monkeypatch.setitem(FRAME, "Sec-Fetch-Dest", kind)
    assert in_frame(connection).status_code == 200


def test_stor_01_a_frame_whose_cookies_are_known_to_work_goes_straight_on(connection):
    browser = Browser()
    initiation = forms(browser.get(connection.platform.launch_url(connection.link(PROBLEM).id, "u-1001")))[0]
    headers = {**FRAME, "Cookie": "lti1p3-cookies=partitioned"}
    answered = Browser().post(
        initiation.action, data=initiation.fields, headers=headers, allow_redirects=False, timeout=5
    )
    assert answered.status_code == 302


def test_stor_01_with_cookies_the_login_of_a_frame_ends_in_the_content(connection):
    browser = Browser()
    initiation = forms(browser.get(connection.platform.launch_url(connection.link(PROBLEM, graded=True).id, "u-1001")))[
        0
    ]
    page = browser.post(initiation.action, data=initiation.fields, headers=FRAME, timeout=5)
    content = browser.open(data_of(page)["next"])
    assert content.status_code == 200
    assert answer(browser, content).json() == {"earned": 4.0, "possible": 4.0}


@every("name", ["_parent", "post_message_forwarding", "Frame-2", "x" * 64])
def test_stor_02_stor_03_the_page_says_which_frame_and_origin_are_asked(connection, name):
    data = data_of(in_frame(connection, lti_storage_target=name))
    assert data["frame"] == name
    assert data["origin"] == connection.platform.issuer
    assert data["key"].startswith("lti1p3_")
    assert len(data["value"]) > 20


@every("name", ["a b", "../x", "<script>", "x" * 65, "a.b", ""])
def test_stor_02_a_frame_name_that_is_none_is_asked_for(connection, name):
    assert data_of(in_frame(connection, lti_storage_target=name))["frame"] == ""


def test_sec_23_sec_34_login_parameters_cannot_break_out_of_the_page(connection):
    evil = "</script><script>alert(1)</script>\"'><img src=x>"
    page = in_frame(connection, login_hint=evil, lti_message_hint=evil)
    assert "<script>alert" not in page.text
    assert "<img" not in page.text


# --- launch -----------------------------------------------------------------------------------------------------------


def test_stor_05_a_proof_that_the_platform_kept_is_as_good_as_a_cookie(connection):
    page = proven(connection)
    assert page.status_code == 200
    assert "Open in a new window" in page.text
    assert "sessionid" not in page.cookies
    assert LaunchAttempt.objects.get(door="launch").outcome == "ok"


def test_stor_05_the_page_that_asks_for_the_proof_does_not_know_it_and_sends_on_what_came(connection):
    begun = data_of(in_frame(connection, lti_storage_target="_parent"))
    form = posted(connection, begun["storedNext"])
    page = send(form)
    assert data_of(page) == {"frame": "_parent", "origin": connection.platform.issuer, "key": begun["key"], "value": ""}
    assert forms(page)[0].fields == {**form.fields, STORED: ""}
    assert f"frame-ancestors 'self' {connection.platform.issuer}" in page.headers["Content-Security-Policy"]


def test_stor_06_where_cookies_work_a_block_opens_in_its_frame(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(PROBLEM), browser=browser)
    launched = browser.post(form.action, data=form.fields, headers=FRAME, allow_redirects=False, timeout=10)
    assert (launched.status_code, launched.headers["Location"]) == (302, f"/lti/1p3/launch/{COURSE}/{PROBLEM}")


def test_stor_04_without_an_answer_of_the_platforms_frame_the_launch_is_refused(connection):
    data = data_of(in_frame(connection, lti_storage_target="_parent"))
    asks = send(posted(connection, data["storedNext"]))
    assert asks.status_code == 200
    assert not LaunchAttempt.objects.filter(door="launch").exists()
    assert refusal(send(forms(asks)[0])) == "browser_mismatch"


@every("wrong", ["", "x", "other"])
def test_stor_05_sec_10_another_browsers_proof_is_refused(connection, wrong):
    data = data_of(in_frame(connection, lti_storage_target="_parent"))
    other = data_of(in_frame(connection, lti_storage_target="_parent"))["value"]
    form = posted(connection, data["storedNext"])
    assert refusal(send(form, **{STORED: other if wrong == "other" else wrong})) == "browser_mismatch"
    assert not PlatformUser.objects.exists()


@every("headers", [FRAME, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}])
def test_sec_10_another_sites_page_cannot_post_a_proof(connection, headers):
    """Who began a login knows its proof; his form in somebody else's browser must not pass as the platform's frame."""
    data = data_of(in_frame(connection, lti_storage_target="_parent"))
    form = posted(connection, data["storedNext"])
    fields = {**form.fields, STORED: data["value"]}
    answered = Browser().post(form.action, data=fields, headers=headers, allow_redirects=False, timeout=10)
    assert refusal(answered) == "browser_mismatch"
    assert not PlatformUser.objects.exists()


def test_sec_10_a_proof_does_not_replace_the_cookie_of_a_login_that_has_one(connection):
    data = data_of(in_frame(connection, lti_storage_target="_parent"))
    form = posted(connection, data["next"])
    assert refusal(send(form, **{STORED: data["value"]})) == "browser_mismatch"


def test_core_05_a_launch_with_a_kept_proof_is_good_for_one_use(connection):
    data = data_of(in_frame(connection, lti_storage_target="_parent"))
    form = posted(connection, data["storedNext"])
    assert send(form, **{STORED: data["value"]}).status_code == 200
    assert refusal(send(form, **{STORED: data["value"]})) == "launch_replayed"


# --- hand-over --------------------------------------------------------------------------------------------------------


def test_stor_06_the_learner_works_in_a_window_of_its_own(connection):
    browser = Browser()
    content = go_on(connection, proven(connection), browser)
    assert content.status_code == 200
    assert content.url.startswith(connection.content_url(PROBLEM))
    assert answer(browser, content).json() == {"earned": 4.0, "possible": 4.0}
    assert connection.platform.scores[-1].body["scoreGiven"] == 4


def test_sec_15_the_window_is_signed_out_when_the_platform_is_switched_off(connection):
    browser = Browser()
    content = go_on(connection, proven(connection), browser)
    assert answer(browser, content).status_code == 200
    connection.registration.deployments.update(status="disabled")
    assert answer(browser, content).status_code == 403


def test_stor_06_a_hand_over_is_good_for_one_use(connection):
    page = proven(connection)
    assert go_on(connection, page, Browser()).status_code == 200
    second = Browser()
    assert refusal(go_on(connection, page, second)) == "handover_invalid"
    assert "sessionid" not in second.cookies


def test_stor_06_a_hand_over_is_good_for_a_minute(connection, monkeypatch):
    past = time.time() - handover.LIFETIME - 1
    with monkeypatch.context() as patched:
        patched.setattr(signing.time, "time", lambda: past)
        token = signing.dumps({"user": 1, "course": "c", "block": "b"}, salt=handover.SALT)
    assert refusal(redeem(connection, token)) == "handover_invalid"


@every("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": None}])
def test_sec_10_another_sites_page_cannot_sign_anybody_in(connection, headers):
    page = proven(connection)
    browser = Browser()
    assert refusal(go_on(connection, page, browser, **headers)) == "handover_invalid"
    assert "sessionid" not in browser.cookies
    assert go_on(connection, page, browser).status_code == 200


def test_stor_06_safaris_engine_calls_a_form_cross_site_that_goes_from_a_frame_into_a_window(connection):
    assert go_on(connection, proven(connection), Browser(), **{"Sec-Fetch-Site": "cross-site"}).status_code == 200


@every("token", [None, "", "x", "e30:1:2"])
def test_stor_06_what_we_did_not_sign_is_refused(connection, token):
    assert refusal(redeem(connection, token)) == "handover_invalid"


def test_stor_06_two_hand_overs_do_not_use_each_other_up(connection):
    pages = [proven(connection), proven(connection)]
    assert [go_on(connection, page, Browser()).status_code for page in pages] == [200, 200]


def test_stor_06_two_hand_overs_of_one_moment_are_two(connection, monkeypatch):
    now = time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now)
    assert len({forms(proven(connection))[0].fields["token"] for _ in range(2)}) == 2


def test_stor_06_the_page_knows_how_long_its_button_works(connection):
    assert f'data-seconds="{handover.LIFETIME}"' in proven(connection).text


def test_sec_15_a_hand_over_of_a_platform_that_was_switched_off_is_refused(connection):
    page = proven(connection)
    connection.registration.enabled = False
    connection.registration.save()
    assert refusal(go_on(connection, page, Browser())) == "grant_missing"


def test_sec_17_a_hand_over_of_an_account_that_was_switched_off_is_refused(connection):
    page = proven(connection)
    user = PlatformUser.objects.get().user
    user.is_active = False
    user.save()
    assert refusal(go_on(connection, page, Browser())) == "account_inactive"


@pytest.mark.parametrize("team", [True, False])
def test_sec_19_a_hand_over_signs_in_no_staff(connection, team):
    page = proven(connection)
    user = PlatformUser.objects.get().user
    if team:
        user.groups.add(Group.objects.create(name=TEAM.format(COURSE)))
    else:
        user.is_staff = True
        user.save()
    assert refusal(go_on(connection, page, Browser())) == "account_privileged"


def test_sec_33_a_hand_over_is_not_redeemed_with_get(connection):
    token = forms(proven(connection))[0].fields["token"]
    answered = Browser().get(f"{connection.lms}/lti/1p3/continue/", params={"token": token}, timeout=5)
    assert refusal(answered) == "launch_not_posted"


def redeem(connection: Connection, token: str | None) -> requests.Response:
    """Post a token from a page of ours."""
    own = {"Origin": connection.lms}
    return Browser().post(
        f"{connection.lms}/lti/1p3/continue/", data={} if token is None else {"token": token}, headers=own, timeout=5
    )


# --- partitioned cookies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("proof", "partitioned"), [("partitioned", True), ("ordinary", False), (None, False)])
def test_sec_21_stor_06_session_and_csrf_cookies_are_partitioned_where_only_such_work(
    connection, settings, proof, partitioned
):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_SAMESITE = settings.CSRF_COOKIE_SAMESITE = "None"
    browser = Browser()
    if proof:
        browser.cookies.set("lti1p3-cookies", proof)
    form = connection.launch_form(connection.link(PROBLEM, graded=True), browser=browser)
    launched = browser.post(form.action, data=form.fields, allow_redirects=False, timeout=10)
    (session,) = [one for one in cookies(launched) if one.startswith("sessionid=")]
    assert session.endswith("; Partitioned") is partitioned
    own = {"Cookie": session.partition(";")[0]}
    content = Browser().get(connection.lms + launched.headers["Location"], headers=own, timeout=10)
    (csrf,) = [one for one in cookies(content) if one.startswith("csrftoken=")]
    assert csrf.endswith("; Partitioned") is partitioned


def cookies(response: requests.Response) -> list[str]:
    """Return the cookies that a response sets, word by word."""
    return response.raw.headers.getlist("Set-Cookie")
