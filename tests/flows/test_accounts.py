"""Which account a new person gets: a new one, or one that they prove to be theirs; over real HTTP."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.parse import quote

import pytest
import requests
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from demo.browser import Browser, Form, forms
from demo.lms.login_cookies import TOKEN
from demo.lms.models import Profile, RetirementStatus
from lti_1p3_provider import api, host
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import AccountInactive, LinkingOver
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.launches import scope, waiting_launch
from lti_1p3_provider.lti.claims import Launch
from lti_1p3_provider.people.find import of_rows
from lti_1p3_provider.people.forget import forget
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users import linking, sign_in
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.connection import CLAIM, COURSE, INSTRUCTOR, LEARNER, OTHER_LEARNER, PROBLEM, Connection

PASSWORD = "a long one, of their own"
PROOF, ONLY = "existing_with_proof", "existing_only"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


def modes(connection: Connection, learners: str = PROOF, teachers: str = "new") -> None:
    Registration.objects.filter(pk=connection.registration.pk).update(
        learner_accounts=learners, teacher_accounts=teachers
    )


def own(name: str = "ada", **fields: Any) -> AbstractUser:
    return get_user_model().objects.create_user(name, f"{name}@own.example", PASSWORD, **fields)


def send(browser: Browser, form: Form, origin: str | None = None, **values: str) -> requests.Response:
    """Post a form as a page of the site does, or one of another."""
    sent = "/".join(form.action.split("/")[:3]) if origin is None else origin
    headers = {"Origin": sent} if sent else {}
    return browser.post(form.action, data={**form.fields, **values}, headers=headers, timeout=20)


def form_to(page: requests.Response, name: str) -> Form:
    return next(form for form in forms(page) if form.action.rstrip("/").endswith(name))


def signed_in(browser: Browser, page: requests.Response, name: str = "ada") -> requests.Response:
    """Go from the page that asks to the one that shows the account."""
    login = send(browser, form_to(page, "account/prove"))
    assert "/login" in login.url
    return send(browser, forms(login)[0], username=name, password=PASSWORD)


def linked(connection: Connection, person: str = LEARNER, name: str = "ada") -> requests.Response:
    browser = Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), person, browser), name)
    return send(browser, forms(shown)[0])


def test_nobody_is_asked_unless_the_registration_says_so(connection):
    assert "account/prove" not in connection.launch(connection.link(PROBLEM)).text
    assert PlatformUser.objects.get().linked is False


def test_going_on_is_the_first_button_and_makes_a_new_account_in_the_same_frame(connection):
    modes(connection)
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    assert page.status_code == 200
    assert not PlatformUser.objects.exists()
    assert [form.action.split("/account/")[1] for form in forms(page)] == ["new/", "prove/"]
    assert f"frame-ancestors 'self' {connection.platform.issuer}" in page.headers["Content-Security-Policy"]
    content = send(browser, forms(page)[0])
    assert content.status_code == 200
    assert "/launch/" in content.url
    assert PlatformUser.objects.get(sub=LEARNER).linked is False
    assert send(browser, forms(page)[0]).status_code == 400  # good once


def test_who_proves_an_account_gets_it_and_the_launch_goes_on_in_the_window(connection):
    modes(connection)
    user, browser = own(), Browser()
    link = connection.link(PROBLEM)
    shown = signed_in(browser, connection.launch(link, browser=browser))
    assert "ada" in shown.text
    assert not PlatformUser.objects.exists()  # nothing before they confirm
    assert shown.headers["X-Frame-Options"] == "DENY"
    assert shown.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    content = send(browser, forms(shown)[0])
    assert content.status_code == 200
    assert "/launch/" in content.url
    row = PlatformUser.objects.get(sub=LEARNER)
    assert (row.user, row.linked) == (user, True)
    noted = Change.objects.get(kind="account link")
    assert (noted.actor, noted.way, noted.action) == (user, "launch", "created")
    assert connection.launch(link).status_code == 200  # and is not asked again
    user.refresh_from_db()
    assert user.email == "ada@own.example"
    assert get_user_model().objects.count() == 1


def test_other_code_hears_of_a_launch_once_its_person_is_in(connection):
    modes(connection)
    own()
    heard: list[Launch[Any]] = []

    def hear(launch: Launch[Any], **_more: Any) -> None:
        assert PlatformUser.objects.filter(sub=launch.message.subject).exists()
        heard.append(launch)

    api.launched.connect(hear)
    try:
        browser = Browser()
        page = connection.launch(connection.link(PROBLEM), browser=browser)
        assert heard == []
        shown = signed_in(browser, page)
        assert heard == []
        send(browser, forms(shown)[0])
    finally:
        api.launched.disconnect(hear)
    assert [launch.message.subject for launch in heard] == [LEARNER]


@pytest.mark.parametrize("mode", [PROOF, ONLY])
def test_an_account_that_a_roster_made_gives_way_to_one_that_is_proved(connection, mode):
    made = sign_in.make_ahead(connection.registration.deployments.get(), LEARNER).user
    modes(connection, mode)
    user = own()
    assert linked(connection).status_code == 200
    row = PlatformUser.objects.get()
    assert (row.user, row.linked, row.ahead) == (user, True, False)
    made.refresh_from_db()
    assert not made.is_active


def test_whoever_chooses_a_new_account_gets_the_one_that_a_roster_made(connection):
    made = sign_in.make_ahead(connection.registration.deployments.get(), LEARNER).user
    modes(connection)
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    assert send(browser, forms(page)[0]).status_code == 200
    row = PlatformUser.objects.get()
    assert (row.user, row.linked, row.ahead) == (made, False, False)


def test_whoever_was_signed_in_before_is_signed_out_and_never_taken(connection):
    modes(connection)
    own()
    browser = Browser()
    login = browser.get(f"{connection.lms}/login", timeout=20)
    send(browser, forms(login)[0], username="ada", password=PASSWORD)
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    asked = send(browser, form_to(page, "account/prove"))
    assert "/login" in asked.url
    again = browser.get(f"{connection.lms}/lti/1p3/account/confirm/", timeout=20)
    assert "/login" in again.url
    assert not PlatformUser.objects.exists()


def test_a_session_that_a_launch_signed_in_proves_nothing(connection):
    browser = Browser()
    modes(connection)
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    send(browser, form_to(page, "account/prove"))
    connection.launch(connection.link(PROBLEM), INSTRUCTOR, browser)  # a new account, in the same session
    refused = browser.get(f"{connection.lms}/lti/1p3/account/confirm/", timeout=20)
    assert (refused.status_code, "linking_over" in refused.text) == (400, True)


@pytest.mark.parametrize("origin", ["https://other.example", "null", ""])
@pytest.mark.parametrize("door", ["account/new", "account/prove"])
def test_forms_of_other_sites_choose_nothing(connection, door, origin):
    modes(connection)
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    refused = send(browser, form_to(page, door), origin=origin)
    assert (refused.status_code, "linking_over" in refused.text) == (400, True)
    assert not PlatformUser.objects.exists()


def test_confirming_needs_the_token_of_the_session_and_the_account_that_was_shown(connection):
    modes(connection)
    own()
    browser = Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    for changed in ({"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": ""}, {"account": "grace"}):
        again = send(browser, forms(shown)[0], **changed)
        assert (again.status_code, again.url) == (200, shown.url)  # the page, as it is now
        assert not PlatformUser.objects.exists()
    assert send(browser, forms(shown)[0], origin="https://other.example").url == shown.url
    assert not PlatformUser.objects.exists()
    assert "/launch/" in send(browser, forms(shown)[0]).url


@pytest.mark.parametrize("token", ["", "x", "gAAAAAB" + "x" * 80])
def test_what_was_not_sealed_here_is_refused(connection, token):
    modes(connection)
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    for door in ("account/new", "account/prove"):
        assert send(browser, form_to(page, door), token=token).status_code == 400


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"is_staff": True}, "account_privileged"),
        ({"is_superuser": True}, "account_privileged"),
    ],
)
def test_accounts_of_staff_are_refused(connection, fields, code):
    modes(connection)
    own(**fields)
    browser = Browser()
    refused = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    require_conflict(refused, 403, code)
    assert not PlatformUser.objects.exists()


def require_conflict(page: requests.Response, status: int, code: str) -> None:
    """The page says what is wrong, may not be framed, and has a new account and another one as ways on."""
    assert (page.status_code, code in page.text) == (status, True)
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert [form.action.split("/account/")[1] for form in forms(page)] == ["new/", "prove/"]
    assert LaunchAttempt.objects.filter(outcome=code).exists()


def test_after_a_conflict_the_same_launch_goes_on_with_a_new_account(connection):
    modes(connection)
    own(is_staff=True)
    browser = Browser()
    refused = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    content = send(browser, forms(refused)[0])
    assert "/launch/" in content.url
    made = PlatformUser.objects.get()
    assert (made.linked, made.user.username == "ada") == (False, False)
    assert browser.get(f"{connection.lms}/admin/", timeout=20).url != f"{connection.lms}/admin/"  # staff is signed out
    assert send(browser, forms(refused)[0]).status_code == 400  # good once


def test_after_a_conflict_the_same_launch_goes_on_with_another_account(connection):
    modes(connection)
    own(is_staff=True), own("grace")
    browser = Browser()
    refused = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    shown = signed_in(browser, refused, "grace")
    assert "/launch/" in send(browser, forms(shown)[0]).url
    assert PlatformUser.objects.get().user.username == "grace"


def test_a_conflict_offers_no_new_account_where_there_are_none(connection):
    modes(connection, ONLY)
    own(is_staff=True)
    browser = Browser()
    refused = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    (form,) = forms(refused)
    assert form.action.endswith("/account/prove/")
    form.action = form.action.replace("prove", "new")
    assert send(browser, form, window="yes").status_code == 400
    assert not PlatformUser.objects.exists()


def test_an_account_that_became_staffs_while_it_was_shown_is_refused_with_the_same_page(connection):
    modes(connection)
    user, browser = own(), Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    get_user_model().objects.filter(pk=user.pk).update(is_staff=True)
    require_conflict(send(browser, forms(shown)[0]), 403, "account_privileged")
    get_user_model().objects.filter(pk=user.pk).update(is_staff=False)
    assert "/launch/" in send(browser, forms(shown)[0]).url  # nothing was used up


def test_an_account_that_its_owner_deletes_while_it_is_shown_is_refused_with_the_same_page(connection):
    modes(connection)
    user, browser = own(), Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    RetirementStatus.objects.create(user=user)
    page = send(browser, forms(shown)[0])
    require_conflict(page, 403, "account_retiring")
    assert "This account is being deleted" in page.text
    assert not PlatformUser.objects.exists()


def test_what_was_refused_for_another_reason_can_be_tried_again(connection):
    modes(connection)
    own()
    browser = Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    gate = LaunchGate.objects.create(registration=connection.registration, allowed_courses=["course-v1:No+Such+Course"])
    assert send(browser, forms(shown)[0]).status_code == 403
    gate.delete()
    assert "/launch/" in send(browser, forms(shown)[0]).url


def test_two_people_of_one_registration_never_share_an_account(connection):
    modes(connection, teachers=PROOF)
    own()
    assert linked(connection).status_code == 200
    browser = Browser()
    refused = signed_in(browser, connection.launch(connection.link(PROBLEM), INSTRUCTOR, browser))
    require_conflict(refused, 409, "account_taken")
    assert PlatformUser.objects.count() == 1


def test_two_windows_of_one_person_make_one_account(connection):
    modes(connection)
    own()
    own("grace")
    browsers = [Browser(), Browser()]
    pages = [connection.launch(connection.link(PROBLEM), browser=one) for one in browsers]
    shown = [signed_in(one, page, name) for one, page, name in zip(browsers, pages, ("ada", "grace"), strict=True)]
    answers = [send(one, forms(page)[0]) for one, page in zip(browsers, shown, strict=True)]
    assert [one.status_code for one in answers] == [200, 409]
    assert "account_chosen_before" in answers[1].text
    assert PlatformUser.objects.get().user.username == "ada"
    again = browsers[1].get(f"{connection.lms}/lti/1p3/account/confirm/", timeout=20)
    assert (again.status_code, "account_chosen_before" in again.text) == (409, True)
    (way_on,) = forms(again)
    assert "/launch/" in send(browsers[1], way_on).url
    assert PlatformUser.objects.get().user.username == "ada"


def test_only_existing_accounts(connection):
    modes(connection, ONLY)
    own()
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    (form,) = forms(page)
    form.action = form.action.replace("prove", "new")
    assert send(browser, form).status_code == 400
    assert not PlatformUser.objects.exists()
    assert linked(connection).status_code == 200


def test_teachers_and_learners_have_a_mode_each(connection):
    modes(connection, "new", ONLY)
    assert "account/prove" not in connection.launch(connection.link(PROBLEM)).text
    assert "account/prove" in connection.launch(connection.link(PROBLEM), INSTRUCTOR).text


def test_test_students_are_not_asked(connection):
    modes(connection, ONLY, ONLY)
    page = connection.launch_with({f"{CLAIM}roles": ["Learner", TEST_USER]})
    assert page.status_code == 200
    assert "account/prove" not in page.text


def test_what_was_switched_off_meanwhile_is_refused(connection):
    modes(connection)
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    Deployment.objects.update(status="disabled")
    assert send(browser, form_to(page, "account/new")).status_code == 403
    Deployment.objects.update(status="approved")
    LaunchGate.objects.create(registration=connection.registration, allowed_courses=["course-v1:No+Such+Course"])
    assert send(browser, form_to(page, "account/new")).status_code == 403
    assert not PlatformUser.objects.exists()


def test_a_choice_is_good_for_ten_minutes(connection, monkeypatch):
    modes(connection)
    token = forms(connection.launch(connection.link(PROBLEM)))[0].fields["token"]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 590)
    assert waiting_launch.unseal(token).message.subject == LEARNER
    monkeypatch.setattr(time, "time", lambda: now + 601)
    with pytest.raises(LinkingOver):
        waiting_launch.unseal(token)


def test_one_choice_is_confirmed_once(connection):
    modes(connection)
    own()
    own("grace")
    browsers = [Browser(), Browser()]
    page = connection.launch(connection.link(PROBLEM), browser=browsers[0])
    shown = [signed_in(one, page, name) for one, name in zip(browsers, ("ada", "grace"), strict=True)]
    answers = [send(one, forms(page)[0]) for one, page in zip(browsers, shown, strict=True)]
    assert [one.status_code for one in answers] == [200, 400]
    assert "linking_over" in answers[1].text


def test_a_choice_that_waited_too_long_leads_back_to_the_course(connection, monkeypatch):
    modes(connection)
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 700)
    refused = send(browser, forms(page)[0])
    assert (refused.status_code, "linking_over" in refused.text) == (400, True)
    assert f'href="{connection.platform.issuer}' in refused.text
    assert f"frame-ancestors 'self' {connection.platform.issuer}" in refused.headers["Content-Security-Policy"]
    monkeypatch.setattr(time, "time", lambda: now + 90_000)
    assert "href=" not in send(browser, forms(page)[0]).text


def test_another_window_of_the_browser_replaces_the_launch_and_an_older_page_confirms_nothing(connection):
    """The page of the first window is shown anew, with what the second one signed in to."""
    modes(connection)
    own(), own("grace")
    browser = Browser()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    first = signed_in(browser, page)
    second = signed_in(browser, first, "grace")  # "Sign in with another one"
    again = send(browser, forms(first)[0])
    assert (again.url, "grace" in again.text) == (second.url, True)
    assert not PlatformUser.objects.exists()
    assert "/launch/" in send(browser, forms(again)[0]).url
    assert PlatformUser.objects.get().user.username == "grace"


def asked(connection: Connection, browser: Browser) -> tuple[requests.Response, requests.Response]:
    """Return the page in the frame, and the site's login in the window that its button opened."""
    modes(connection)
    own()
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    return page, send(browser, form_to(page, "account/prove"))


def session_lost(browser: Browser) -> None:
    """A page of the login flushes the session and begins another one."""
    browser.cookies.pop("sessionid")


def goes_on(browser: Browser, shown: requests.Response, name: str = "ada") -> None:
    """Confirm; the launch goes on with the account."""
    assert (shown.url.endswith("/account/confirm/"), f"<strong>{name}</strong>" in shown.text) == (True, True)
    assert "/launch/" in send(browser, forms(shown)[0]).url
    assert PlatformUser.objects.get().user.username == name


def test_a_login_of_several_pages_leads_back(connection):
    browser = Browser()
    _page, login = asked(connection, browser)
    for _ in range(3):
        browser.get(f"{connection.lms}/login", timeout=20)
    goes_on(browser, send(browser, forms(login)[0], username="ada", password=PASSWORD))


def test_a_login_that_throws_the_session_away_leads_back(connection):
    browser = Browser()
    _page, login = asked(connection, browser)
    session_lost(browser)
    login = browser.get(login.url, timeout=20)
    goes_on(browser, send(browser, forms(login)[0], username="ada", password=PASSWORD))
    assert "lti_1p3_proof" not in browser.cookies
    assert Change.objects.filter(kind="account link").count() == 1


@pytest.mark.parametrize("lost", [False, True], ids=["same session", "another session"])
def test_a_login_that_ends_elsewhere_is_gone_on_with_by_the_same_button(connection, lost):
    browser = Browser()
    page, _login = asked(connection, browser)
    if lost:
        session_lost(browser)
    login = browser.get(f"{connection.lms}/login", timeout=20)
    send(browser, forms(login)[0], username="ada", password=PASSWORD)
    goes_on(browser, send(browser, form_to(page, "account/prove")))


def test_the_same_button_of_another_launch_signs_out(connection):
    browser = Browser()
    _page, login = asked(connection, browser)
    send(browser, forms(login)[0], username="ada", password=PASSWORD)
    other = connection.launch(connection.link(PROBLEM), OTHER_LEARNER, browser)
    assert "/login" in send(browser, form_to(other, "account/prove")).url


def test_whoever_signed_in_before_they_were_asked_is_not_taken_for_it(connection):
    """Not even if the browser has a session of theirs again; and who signs in then goes on."""
    browser = Browser()
    _page, login = asked(connection, browser)
    before = Browser()
    send(before, forms(before.get(f"{connection.lms}/login", timeout=20))[0], username="ada", password=PASSWORD)
    get_user_model().objects.filter(username="ada").update(last_login=timezone.now() - timedelta(minutes=1))
    session_lost(browser)
    browser.cookies.set("sessionid", before.cookies["sessionid"])
    refused = browser.get(f"{connection.lms}/lti/1p3/account/confirm/", timeout=20)
    assert (refused.status_code, "linking_over" in refused.text) == (400, True)
    session_lost(browser)
    goes_on(browser, send(browser, forms(login)[0], username="ada", password=PASSWORD))


def test_a_session_that_a_launch_made_meanwhile_proves_nothing_either(connection):
    browser = Browser()
    asked(connection, browser)
    session_lost(browser)
    modes(connection, "new")
    connection.launch(connection.link(PROBLEM), OTHER_LEARNER, browser)
    modes(connection)
    refused = browser.get(f"{connection.lms}/lti/1p3/account/confirm/", timeout=20)
    assert (refused.status_code, "linking_over" in refused.text) == (400, True)


def test_a_login_that_takes_the_whole_time_goes_on_and_one_that_takes_longer_leads_to_the_course(
    connection, monkeypatch
):
    browser = Browser()
    _page, login = asked(connection, browser)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 595)
    shown = send(browser, forms(login)[0], username="ada", password=PASSWORD)
    assert "<strong>ada</strong>" in shown.text
    monkeypatch.setattr(time, "time", lambda: now + 601)
    for late in (browser.get(shown.url, timeout=20), send(browser, forms(shown)[0])):
        assert (late.status_code, "linking_over" in late.text) == (400, True)
        assert f'href="{connection.platform.issuer}' in late.text
    assert not PlatformUser.objects.exists()


def test_without_that_cookie_a_login_that_keeps_the_session_leads_back(connection):
    browser = Browser()
    _page, login = asked(connection, browser)
    browser.cookies.pop("lti_1p3_proof")
    goes_on(browser, send(browser, forms(login)[0], username="ada", password=PASSWORD))


def test_what_was_confirmed_is_not_confirmed_again_by_back_and_reload(connection):
    modes(connection)
    own()
    browser = Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    send(browser, forms(shown)[0])
    for again in (browser.get(shown.url, timeout=20), send(browser, forms(shown)[0])):
        assert (again.status_code, "linking_over" in again.text) == (400, True)
    assert Change.objects.filter(kind="account link").count() == 1


def test_a_page_that_somebody_copied_confirms_nothing_in_another_browser(connection):
    modes(connection)
    own(), own("grace")
    browser, other = Browser(), Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    assert send(other, forms(shown)[0]).status_code == 400  # nothing waits there
    send(other, forms(other.get(f"{connection.lms}/login", timeout=20))[0], username="grace", password=PASSWORD)
    for name in ("ada", "grace"):
        assert send(other, forms(shown)[0], account=name).status_code == 400
    assert not PlatformUser.objects.exists()


def test_the_proof_of_one_launch_is_of_no_use_to_another_persons(connection):
    """What waits in the session says who launched; a form cannot name somebody else."""
    modes(connection, teachers=PROOF)
    own()
    browser, other = Browser(), Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    theirs = forms(connection.launch(connection.link(PROBLEM), INSTRUCTOR, other))[0].fields["token"]
    send(browser, forms(shown)[0], token=theirs)
    assert list(PlatformUser.objects.values_list("sub", flat=True)) == [LEARNER]


def test_the_session_has_a_new_key_at_each_step(connection):
    """So nobody who knows the one of before has the account."""
    modes(connection)
    own()
    browser, keys = Browser(), []
    browser.get(f"{connection.lms}/login", timeout=20)
    page = connection.launch(connection.link(PROBLEM), browser=browser)
    login = send(browser, form_to(page, "account/prove"))
    keys.append(browser.cookies["sessionid"])
    shown = send(browser, forms(login)[0], username="ada", password=PASSWORD)
    keys.append(browser.cookies["sessionid"])
    send(browser, forms(shown)[0])
    keys.append(browser.cookies["sessionid"])
    assert len(set(keys)) == 3
    thief = Browser()
    thief.cookies.set("sessionid", keys[0])
    assert thief.get(f"{connection.lms}/lti/1p3/account/confirm/", timeout=20).status_code == 400


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "/admin/"])
def test_the_login_leads_to_our_page_whatever_a_form_or_address_says(connection, to):
    modes(connection)
    own()
    browser = Browser()
    form = form_to(connection.launch(connection.link(PROBLEM), browser=browser), "account/prove")
    form.action = f"{form.action}?next={to}"
    login = send(browser, form, next=to)
    assert login.url == f"{connection.lms}/login?next=%2Flti%2F1p3%2Faccount%2Fconfirm%2F"
    shown = send(browser, forms(login)[0], username="ada", password=PASSWORD)
    assert shown.url == f"{connection.lms}/lti/1p3/account/confirm/"


def test_nothing_is_linked_once_the_registration_makes_new_accounts_only(connection):
    modes(connection)
    own()
    browser = Browser()
    shown = signed_in(browser, connection.launch(connection.link(PROBLEM), browser=browser))
    modes(connection, "new")
    assert browser.get(shown.url, timeout=20).status_code == 400
    assert send(browser, forms(shown)[0]).status_code == 400
    assert not PlatformUser.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_off_is_not_linked(connection):
    user = own(is_active=False)
    with pytest.raises(AccountInactive), transaction.atomic():
        linking.link(Deployment.objects.get(), LEARNER, user.pk)
    assert not PlatformUser.objects.exists()


def test_a_platform_does_not_rename_a_linked_account(connection):
    modes(connection)
    user = own()
    Profile.objects.create(user=user, name="Ada Herself")
    linked(connection)
    Registration.objects.update(trust_emails=True)
    assert connection.launch_with({"name": "Mallory", "email": "mallory@evil.example"}).status_code == 200
    user.refresh_from_db()
    assert (user.email, host.current().identity.names([user.pk])) == ("ada@own.example", {user.pk: "Ada Herself"})


def test_a_confined_session_of_a_linked_account_gets_no_tokens(connection):
    """They would be the person's own: nobody could tell them from those of their own login."""
    modes(connection)
    own()
    linked(connection)
    course = connection.link(target_link_uri=f"{connection.lms}/lti/1p3/launch/{COURSE}")
    Registration.objects.update(enrolment_mode="audit")
    for confined in (True, False):
        Registration.objects.update(confine_sessions=confined)
        scope.forget_all()
        browser = Browser()
        page = connection.launch(course, browser=browser)
        assert (page.status_code, "account/own/" in page.text) == (200, confined)
        assert (TOKEN in browser.cookies) is not confined
        headers = {"X-CSRFToken": browser.cookies.get("csrftoken", "")}
        said = browser.post(f"{connection.lms}/login_refresh", headers=headers, timeout=5)
        assert (said.status_code, "session_confined" in said.text) == ((403, True) if confined else (200, False))


def confined_course(connection: Connection) -> tuple[Browser, requests.Response]:
    """Link an account, and launch a whole course."""
    modes(connection)
    own()
    linked(connection)
    Registration.objects.update(enrolment_mode="audit", confine_sessions=True)
    scope.forget_all()
    browser = Browser()
    course = connection.link(target_link_uri=f"{connection.lms}/lti/1p3/launch/{COURSE}")
    return browser, connection.launch(course, browser=browser)


def test_a_whole_course_lets_the_owner_of_a_linked_account_sign_in_and_goes_on(connection):
    browser, page = confined_course(connection)
    launched = browser.cookies["sessionid"]
    login = send(browser, form_to(page, f"account/own/{COURSE}"))
    assert login.url == f"{connection.lms}/login?next=%2Flti%2F1p3%2Flaunch%2F{quote(COURSE, safe='')}"
    assert browser.get(connection.content_url(PROBLEM), timeout=20).status_code == 403  # the launch's session is over
    course = send(browser, forms(login)[0], username="ada", password=PASSWORD)
    assert course.url.endswith(f"/courses/{COURSE}/home")
    assert course.status_code == 200
    headers = {"X-CSRFToken": browser.cookies.get("csrftoken", "")}
    assert browser.post(f"{connection.lms}/login_refresh", headers=headers, timeout=5).status_code == 200
    thief = Browser()
    thief.cookies.set("sessionid", launched)
    assert thief.get(connection.content_url(PROBLEM), timeout=20).status_code == 403


def test_whoever_signs_in_there_as_somebody_else_does_not_get_the_launchs_course(connection):
    browser, page = confined_course(connection)
    own("grace")
    login = send(browser, form_to(page, f"account/own/{COURSE}"))
    refused = send(browser, forms(login)[0], username="grace", password=PASSWORD)
    assert (refused.status_code, "grant_missing" in refused.text) == (403, True)


@pytest.mark.parametrize("origin", ["https://other.example", "null", ""])
def test_other_sites_do_not_end_a_session_that_way(connection, origin):
    browser, page = confined_course(connection)
    assert send(browser, form_to(page, f"account/own/{COURSE}"), origin=origin).status_code == 400
    assert browser.get(page.url, timeout=20).status_code == 200


@pytest.mark.parametrize("course", ["https:%2F%2Fevil.example", "%2F%2Fevil.example", "x"])
def test_that_login_leads_nowhere_but_to_a_course(connection, course):
    """What a form names is part of a path of ours, whatever it is."""
    browser, page = confined_course(connection)
    form = form_to(page, f"account/own/{COURSE}")
    form.action = form.action.replace(COURSE, course)
    answer = browser.post(form.action, headers={"Origin": connection.lms}, allow_redirects=False, timeout=20)
    assert answer.status_code in (302, 404)
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/login?next=%2Flti%2F1p3%2Flaunch%2F")


def test_forgetting_leaves_a_linked_account_alone(connection):
    modes(connection)
    user = own()
    linked(connection)
    user.set_unusable_password()  # as single sign-on has it
    user.save()
    forgotten = forget(of_rows(PlatformUser.objects.select_related("registration", "user")))
    assert (forgotten.people, forgotten.accounts_erased, forgotten.accounts_left) == (1, 0, 1)


def run(connection: Connection, verb: str, *more: str, sub: str = LEARNER) -> Any:
    out, row = StringIO(), connection.registration
    named = ("--issuer", row.issuer, "--client-id", row.client_id, "--sub", sub)
    call_command("lti_1p3_people", verb, *named, "--json", *more, stdout=out)
    return json.loads(out.getvalue())


def test_an_operator_unlinks_and_the_person_is_asked_again(connection):
    modes(connection)
    user = own()
    linked(connection)
    assert run(connection, "unlink") == {"done": False, "account": "ada", "scores": 1, "grants": 1, "course_roles": 0}
    assert PlatformUser.objects.exists()
    assert run(connection, "unlink", "--yes")["done"] is True
    assert not PlatformUser.objects.exists()
    assert not Grant.objects.exists()
    user.refresh_from_db()
    assert (user.is_active, user.email) == (True, "ada@own.example")
    assert Change.objects.filter(kind="account link", action="deleted").get().before["account"] == user.pk
    assert "account/prove" in connection.launch(connection.link(PROBLEM)).text


def test_only_linked_people_are_unlinked(connection):
    connection.enter(connection.link(PROBLEM))
    with pytest.raises(CommandError, match="forget"):
        run(connection, "unlink", "--yes")
    with pytest.raises(CommandError):
        run(connection, "unlink", "--yes", sub="nobody")
    assert PlatformUser.objects.count() == 1
