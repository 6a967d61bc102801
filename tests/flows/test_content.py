"""What is opened, for how long, and by whom: targets, gates, grants, sessions, accounts, refusal pages."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.utils import timezone

from demo.browser import Browser
from demo.lms.people import ORGANIZATION, TEAM
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import GrantMissing
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches import grants, targets
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.cases import every
from tests.connection import (
    CLAIM,
    COURSE,
    LEARNER,
    NAMELESS,
    OTHER_COURSE,
    OTHER_LEARNER,
    PROBLEM,
    UNIT,
    UNPUBLISHED,
    WELCOME,
    answer,
    usage,
)


def outcome() -> str:
    return LaunchAttempt.objects.first().outcome


def refused(response, code: str, status: int) -> bool:
    assert (response.status_code, outcome()) == (status, code), LaunchAttempt.objects.first().detail
    assert LaunchAttempt.objects.first().support_code in response.text
    return not get_user_model().objects.exists()


# --- targets ----------------------------------------------------------------------------------------------------------


@every(
    "target",
    [
        "https://evil.example/lti/1p3/launch/{course}/{block}",
        "//evil.example/lti/1p3/launch/{course}/{block}",
        "{lms}\\@evil.example/lti/1p3/launch/{course}/{block}",
        "http://user@{host}/lti/1p3/launch/{course}/{block}",
        "javascript:alert(1)",
        "{lms}/lti/1p3/launch/",
        "{lms}/lti/1p3/login/",
        "{lms}/admin/",
        "{lms}/lti/1p3/launch/{course}/not-a-key",
        "{lms}/lti/1p3/launch/not-a-course/{block}",
        "{lms}/lti/1p3/launch/course-v1:OtherX+SOON+2099/{block}",
        "{lms}/lti/1p3/launch/course-v1:DemoX+LTI101+2026+branch@draft-branch/{block}",
        "{lms}/lti/1p3/launch/library-v1:A+B/{block}",
        "{lms}/lti/1p3/launch/{course}/{block}/../../../../admin/",
        "{lms}/lti/1p3/launch/%2e%2e/%2e%2e",
        "{lms} /x",
        "{lms}/\x00",
        "http://[bad/lti",
        "http://{host}:99999/x",
    ],
)
def test_sec_12_core_08_targets_that_are_not_ours(connection, target):
    host = connection.lms.removeprefix("http://")
    url = target.format(lms=connection.lms, host=host, course=COURSE, block=WELCOME)
    response = connection.launch_with({f"{CLAIM}target_link_uri": url})
    assert 400 <= response.status_code < 500
    assert outcome() in ("target_invalid", "claim_invalid")
    assert LaunchAttempt.objects.first().support_code in response.text
    assert not get_user_model().objects.exists()


def test_a_target_with_encoded_keys_and_a_query_is_the_same_content(connection):
    path = f"{COURSE}/{WELCOME}".replace("+", "%2B").replace("@", "%40").replace(":", "%3A")
    page = connection.launch_with({f"{CLAIM}target_link_uri": f"{connection.lms}/lti/1p3/launch/{path}?utm=1"})
    assert page.url == connection.content_url(WELCOME)


def test_unpublished_content(connection):
    assert refused(connection.launch(connection.link(UNPUBLISHED)), "content_not_found", 404)


def test_missing_content(connection):
    assert refused(connection.launch(connection.link(usage("problem", "gone"))), "content_not_found", 404)
    assert LaunchAttempt.objects.get().steps[-2:] == ["target", "gate"]


@pytest.mark.parametrize(("block_type", "code"), [("chapter", "content_has_no_page"), ("course", "content_not_found")])
def test_content_without_a_page_of_its_own(connection, block_type, code):
    assert refused(connection.launch(connection.link(usage(block_type, "light"))), code, 404)


def test_content_that_has_not_started_is_said_as_such(connection):
    link = connection.link(usage("vertical", "future", OTHER_COURSE), course=OTHER_COURSE)
    response = connection.launch(link)
    assert refused(response, "content_not_started", 403)
    assert "has not started yet" in response.text


def test_sec_35_content_that_has_not_started_ends_no_session(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    future = connection.link(usage("vertical", "future", OTHER_COURSE), course=OTHER_COURSE)
    assert connection.launch(future, OTHER_LEARNER, browser).status_code == 403
    assert browser.get(page.url, timeout=5).status_code == 200
    assert PlatformUser.objects.count() == 1


# --- gates ------------------------------------------------------------------------------------------------------------


def test_sec_20_content_outside_the_gate(connection):
    connection.gate(allowed_courses=[OTHER_COURSE])
    assert refused(connection.launch(connection.link(WELCOME)), "gate_closed", 403)


def test_an_empty_gate_opens_nothing(connection):
    connection.gate()
    assert refused(connection.launch(connection.link(WELCOME)), "gate_closed", 403)


@pytest.mark.parametrize(
    "lists", [{"allowed_courses": [COURSE]}, {"allowed_orgs": ["DemoX"]}, {"allowed_keys": [WELCOME]}]
)
def test_content_within_the_gate(connection, lists):
    connection.gate(**lists)
    assert connection.launch(connection.link(WELCOME)).status_code == 200


def test_no_gate_opens_nothing_where_the_site_requires_gates(connection, settings):
    settings.LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True
    assert refused(connection.launch(connection.link(WELCOME)), "gate_closed", 403)


def test_a_gate_that_closes_later_closes_open_sessions(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    connection.gate(allowed_keys=[PROBLEM])
    assert browser.get(page.url, timeout=5).status_code == 403
    assert outcome() == "gate_closed"


# --- the content door -------------------------------------------------------------------------------------------------


def test_content_without_a_launch(connection):
    response = Browser().get(connection.content_url(WELCOME), timeout=5)
    assert refused(response, "grant_missing", 403)
    assert "elaunch from your course" in response.text


def test_a_grant_is_for_one_block(connection):
    browser = Browser()
    connection.launch(connection.link(WELCOME), browser=browser)
    assert browser.get(connection.content_url(PROBLEM), timeout=5).status_code == 403


def test_content_that_the_lms_closes_after_the_launch_is_not_shown(connection):
    """The demo course knows one reason: a start date. The grant is made to be for a block that has not started."""
    future, browser = usage("vertical", "future", OTHER_COURSE), Browser()
    connection.launch(connection.link(WELCOME), browser=browser)
    Grant.objects.update(usage_digest=digest(future))
    response = browser.get(connection.content_url(future, OTHER_COURSE), timeout=5)
    assert (response.status_code, outcome()) == (403, "content_not_started")


@every("path", ["nonsense/nonsense", f"{COURSE}/nonsense", f"nonsense/{WELCOME}", "a%00b/c"])
def test_malformed_keys_at_the_content_door(connection, path):
    response = Browser().get(f"{connection.lms}/lti/1p3/launch/{path}", timeout=5)
    assert refused(response, "target_invalid", 400)


def test_access_ends_after_the_configured_time(connection, settings):
    settings.LTI_1P3_PROVIDER_ACCESS_LENGTH_SEC = 60
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    assert page.status_code == 200
    assert timedelta(seconds=50) < Grant.objects.get().until - timezone.now() <= timedelta(seconds=60)
    Grant.objects.update(until=timezone.now())
    response = browser.get(page.url, timeout=5)
    assert (response.status_code, outcome()) == (403, "grant_missing")
    assert connection.launch(connection.link(WELCOME), browser=browser).status_code == 200


@pytest.mark.parametrize("what", ["registration", "deployment"])
def test_sec_15_switching_off_ends_open_sessions(connection, what):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    if what == "registration":
        connection.registration.enabled = False
        connection.registration.save()
    else:
        Deployment.objects.update(status=Deployment.Status.DISABLED)
    assert browser.get(page.url, timeout=5).status_code == 403


def test_a_get_on_the_launch_url(connection):
    response = Browser().get(f"{connection.lms}/lti/1p3/launch/", timeout=5)
    assert refused(response, "launch_not_posted", 405)


@every("values", [{}, {"state": "x"}, {"id_token": "x"}])
def test_an_incomplete_launch(connection, values):
    response = Browser().post(f"{connection.lms}/lti/1p3/launch/", data=values, timeout=5)
    assert refused(response, "token_missing", 400)


def test_a_form_that_is_too_large_gets_a_page(connection):
    values = {"state": "x", "id_token": "x" * 3_000_000}
    response = Browser().post(f"{connection.lms}/lti/1p3/launch/", data=values, timeout=10)
    assert refused(response, "request_too_large", 413)
    assert LaunchAttempt.objects.get().detail == "a body of more than 1665536 bytes"


def test_a_form_that_is_no_form_gets_a_page(connection):
    headers = {"Content-Type": "multipart/form-data"}
    response = Browser().post(f"{connection.lms}/lti/1p3/launch/", data=b"x", headers=headers, timeout=10)
    assert refused(response, "token_malformed", 400)


# --- sessions and accounts --------------------------------------------------------------------------------------------


def test_several_links_and_tabs_of_one_session_keep_working(connection):
    browser = Browser()
    pages = [connection.launch(connection.link(key), browser=browser) for key in (PROBLEM, UNIT, WELCOME)]
    assert [browser.get(page.url, timeout=5).status_code for page in pages] == [200, 200, 200]
    assert answer(browser, browser.get(pages[0].url, timeout=5)).status_code == 200


def test_two_launches_begun_at_once_in_one_browser(connection):
    browser = Browser()
    first = connection.launch_form(connection.link(PROBLEM), browser=browser)
    second = connection.launch_form(connection.link(UNIT), browser=browser)
    assert browser.submit(first).status_code == 200
    assert browser.submit(second).status_code == 200


@pytest.mark.parametrize("visited_before", [False, True])
def test_frames_of_one_page_launch_at_the_same_time(connection, visited_before):
    """Each frame's request carries the cookies that the browser had when the page was opened."""
    links = [connection.link(key) for key in (PROBLEM, UNIT, WELCOME)]
    shared = Browser()
    if visited_before:
        connection.launch(connection.link(WELCOME), browser=shared)
    posted = []
    for form in [connection.launch_form(link, browser=shared) for link in links]:
        frame = Browser()
        frame.cookies.update(shared.cookies)
        posted.append((frame, frame.post(form.action, data=form.fields, allow_redirects=False, timeout=5)))
    for frame, _ in posted:
        shared.cookies.update(frame.cookies)
    pages = [shared.get(connection.lms + answered.headers["Location"], timeout=5) for _, answered in posted]
    assert [page.status_code for page in pages] == [200] * 3


def test_a_tab_that_is_answered_after_another_tabs_launch_is_not_signed_out(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    slow = Browser()
    slow.cookies.update(browser.cookies)
    connection.launch(connection.link(UNIT), browser=browser)
    late = slow.get(page.url, timeout=5)
    assert late.status_code == 200
    assert "sessionid" not in late.cookies
    assert browser.get(page.url, timeout=5).status_code == 200


def test_a_launch_with_an_old_session_key_does_not_inherit_its_last_minute(connection):
    browser = Browser()
    connection.launch(connection.link(WELCOME), browser=browser)
    slow = Browser()
    slow.cookies.update(browser.cookies)
    connection.launch(connection.link(UNIT), browser=browser)
    connection.launch(connection.link(PROBLEM), browser=slow)
    newest = Session.objects.get(pk=slow.cookies["sessionid"])
    assert newest.expire_date - timezone.now() > timedelta(days=1)


def test_sec_17_a_grant_is_no_use_to_an_inactive_user(connection):
    """Some of the LMS's authentication backends keep the session of an inactive user alive."""
    connection.enter(connection.link(WELCOME))
    user = PlatformUser.objects.get().user
    target = targets.from_keys(COURSE, WELCOME)
    assert grants.find(user, target).deployment.registration == connection.registration
    user.is_active = False
    with pytest.raises(GrantMissing):
        grants.find(user, target)


@pytest.mark.parametrize("what", ["registration", "deployment"])
def test_sec_15_a_grant_of_what_was_switched_off_opens_nothing(connection, what):
    """Nor does it where a site left out the middleware that ends sessions."""
    connection.enter(connection.link(WELCOME))
    user, target = PlatformUser.objects.get().user, targets.from_keys(COURSE, WELCOME)
    if what == "registration":
        connection.registration.enabled = False
        connection.registration.save()
    else:
        Deployment.objects.update(status=Deployment.Status.DISABLED)
    with pytest.raises(GrantMissing):
        grants.find(user, target)


def test_sec_11_the_session_key_rotates_at_each_launch(connection):
    browser, keys = Browser(), set()
    for _ in range(3):
        connection.launch(connection.link(WELCOME), browser=browser)
        keys.add(browser.cookies["sessionid"])
    assert len(keys) == 3
    ages = [Session.objects.get(pk=key).expire_date - timezone.now() for key in keys]
    assert sorted(age.total_seconds() < 61 for age in ages) == [False, True, True]


def test_sec_11_another_person_in_the_same_browser_replaces_the_first(connection):
    browser = Browser()
    first = connection.launch(connection.link(PROBLEM), LEARNER, browser)
    connection.launch(connection.link(UNIT), OTHER_LEARNER, browser)
    assert browser.get(first.url, timeout=5).status_code == 403
    assert browser.get(connection.content_url(UNIT), timeout=5).status_code == 200


def test_sec_35_a_refusal_ends_no_session(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    assert connection.launch(connection.link(UNPUBLISHED), OTHER_LEARNER, browser).status_code == 404
    assert browser.get(page.url, timeout=5).status_code == 200


def test_one_account_per_person_with_a_random_name_and_no_password(connection):
    for _ in range(2):
        connection.enter(connection.link(WELCOME))
    user = get_user_model().objects.get()
    assert re.fullmatch(r"lti_[0-9a-f]{24}", user.username)
    assert not user.has_usable_password()
    assert user.password.startswith("!")
    assert (user.email, user.demo_profile.name) == (f"{user.username}@lti.invalid", "Ada Park")


def test_sec_16_an_email_that_nobody_vouches_for_is_not_the_accounts(connection):
    """The LMS joins accounts by an address that it believes: whoever owns it would be given the platform's account."""
    for _ in range(2):
        assert connection.launch_with({"email": "somebody.else@school.example"}).status_code == 200
        assert get_user_model().objects.get().email.endswith("@lti.invalid")


def test_name_and_email_follow_the_platform(connect):
    connection = connect(trust_emails=True)
    connection.enter(connection.link(WELCOME))
    connection.launch_with({"name": "Ada Park-Lee", "email": "ada.lee@platform.example"})
    user = get_user_model().objects.get()
    assert (user.email, user.demo_profile.name) == ("ada.lee@platform.example", "Ada Park-Lee")
    connection.launch_with({}, "name", "given_name", "family_name", "email")
    user.refresh_from_db()
    assert user.email == "ada.lee@platform.example"


def test_an_email_that_is_taken_is_tried_again_when_it_is_free(connect):
    connection = connect(trust_emails=True)
    owner = get_user_model().objects.create_user("owner", email="ada.park@platform.example")
    connection.enter(connection.link(WELCOME))
    connection.enter(connection.link(WELCOME))
    owner.delete()
    connection.enter(connection.link(WELCOME))
    assert get_user_model().objects.get().email == "ada.park@platform.example"


def test_sec_16_nobody_is_linked_by_email(connect):
    connection = connect(trust_emails=True)
    owner = get_user_model().objects.create_user("owner", email="ada.park@platform.example", is_staff=True)
    connection.enter(connection.link(WELCOME))
    launched = PlatformUser.objects.get().user
    assert launched.pk != owner.pk
    assert launched.email == f"{launched.username}@lti.invalid"


def test_sec_17_an_inactive_account_is_refused(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    get_user_model().objects.update(is_active=False)
    assert browser.get(page.url, timeout=5).status_code == 403
    response = connection.launch(connection.link(WELCOME))
    assert (response.status_code, outcome()) == (403, "account_inactive")


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_sec_16_staff_and_superusers_are_never_signed_in(connection, right):
    connection.enter(connection.link(WELCOME))
    get_user_model().objects.update(**{right: True})
    response = connection.launch(connection.link(WELCOME))
    assert (response.status_code, outcome()) == (403, "account_privileged")
    assert "sessionid" not in response.cookies


@pytest.mark.parametrize(
    "team", [TEAM.format(COURSE), TEAM.format("course-v1:Else+Where+1"), ORGANIZATION.format("AnyX")]
)
def test_sec_16_who_is_on_a_team_is_never_signed_in_wherever_the_team_is(connection, team):
    browser = Browser()
    connection.launch(connection.link(WELCOME), browser=browser)
    get_user_model().objects.get().groups.add(Group.objects.create(name=team))
    session = browser.cookies["sessionid"]
    response = connection.launch(connection.link(WELCOME), browser=browser)
    assert (response.status_code, outcome()) == (403, "account_privileged")
    assert browser.cookies["sessionid"] == session


def test_sec_16_a_group_that_is_no_team_keeps_nobody_out(connection):
    connection.enter(connection.link(WELCOME))
    get_user_model().objects.get().groups.add(Group.objects.create(name="people who like staff"))
    assert connection.launch(connection.link(WELCOME)).status_code == 200


@every("email", ["a@b.example\r\nBcc: c@d.example", "no address", "a@b", "x" * 300 + "@y.example"])
def test_sec_24_an_email_that_is_none_is_not_stored(connect, email):
    connection = connect(trust_emails=True)
    get_user_model().objects.all().delete()
    assert connection.launch_with({"email": email}).status_code == 200
    user = get_user_model().objects.get()
    assert user.email == f"{user.username}@lti.invalid"


def test_two_first_launches_at_once_make_one_account(connection):
    link = connection.link(WELCOME)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: connection.launch(link, NAMELESS), range(8)))
    assert [page.status_code for page in pages] == [200] * 8
    assert PlatformUser.objects.count() == get_user_model().objects.count() == 1


def test_a_sub_of_2000_characters(connection):
    connection.person("s" * 2000)
    assert connection.launch(connection.link(WELCOME), "s" * 2000).status_code == 200


# --- pages ------------------------------------------------------------------------------------------------------------


def return_url(page: requests.Response) -> str:
    """Return the address of the way back on a refusal page."""
    return page.text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")


def test_core_12_the_way_back_carries_the_error_and_keeps_the_query(connection):
    connection.gate()
    presentation = {"return_url": "https://platform.example/back?course=2&empty="}
    page = connection.launch_with({f"{CLAIM}launch_presentation": presentation})
    parts = urlsplit(return_url(page))
    query = parse_qs(parts.query, keep_blank_values=True)
    support_code = LaunchAttempt.objects.get().support_code
    assert (parts.netloc, query["course"], query["empty"]) == ("platform.example", ["2"], [""])
    assert query["lti_errormsg"] == [f"Your learning platform may not open this activity ({support_code})"]
    assert query["lti_errorlog"] == [f"gate_closed {support_code}"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//x", "ftp://x.example", "http://a b", "x"]
)
def test_core_12_sec_13_a_return_url_that_is_no_web_address_is_dropped(connection, url):
    connection.gate()
    page = connection.launch_with({f"{CLAIM}launch_presentation": {"return_url": url}})
    assert page.status_code == 403
    assert return_url(page) == ""


def test_core_12_the_return_url_of_an_unverified_launch_is_not_used(connection):
    presentation = {f"{CLAIM}launch_presentation": {"return_url": "https://evil.example/"}}
    page = connection.tampered_launch(
        claims=lambda claims: {**claims, **presentation}, raw_token=lambda token: token[:-8] + "AAAAAAAA"
    )
    assert "evil.example" not in page.text


def test_sec_23_texts_of_the_platform_are_escaped(connection):
    connection.gate()
    page = connection.launch_with(
        {
            f"{CLAIM}launch_presentation": {"return_url": 'https://p.example/?a="><script>x</script>'},
            f"{CLAIM}resource_link": {"id": "1", "title": "<script>x</script>"},
            "name": "<script>x</script>",
        }
    )
    assert page.status_code == 403
    assert "<script>x" not in page.text


def test_sec_21_pages_may_be_framed_by_the_platform_only(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME), browser=browser)
    refusal = connection.launch(connection.link(UNPUBLISHED), browser=browser)
    for response in (page, refusal, *page.history[-1:]):
        assert "X-Frame-Options" not in response.headers
        assert response.headers["Content-Security-Policy"] == f"frame-ancestors 'self' {connection.platform.issuer}"


def test_sec_21_a_policy_of_the_lms_keeps_its_other_directives(connection):
    from django.http import HttpResponse

    from lti_1p3_provider.web.framing import frame_for

    page = HttpResponse(headers={"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'"})
    assert frame_for(page, connection.registration).headers["Content-Security-Policy"] == (
        f"default-src 'self'; frame-ancestors 'self' {connection.platform.issuer}"
    )


def test_sec_21_a_refusal_of_an_unknown_platform_is_visible_in_its_frame(connection):
    response = Browser().post(f"{connection.lms}/lti/1p3/login/", data={"iss": "x"}, timeout=5)
    assert "X-Frame-Options" not in response.headers


def test_sec_21_pages_of_the_lms_keep_their_protection(connection):
    assert Browser().get(f"{connection.lms}/admin/login/", timeout=5).headers["X-Frame-Options"] == "DENY"


def test_refusals_are_not_cached(connection):
    assert "no-store" in Browser().get(connection.content_url(WELCOME), timeout=5).headers["Cache-Control"]


def test_an_attempt_holds_no_personal_data(connection):
    connection.enter(connection.link(WELCOME))
    attempt = LaunchAttempt.objects.get()
    said = " ".join(str(getattr(attempt, field.attname)) for field in attempt._meta.concrete_fields)
    for text in ("Ada", "ada.park", LEARNER):
        assert text not in said
    assert len(attempt.subject_digest) == 16
