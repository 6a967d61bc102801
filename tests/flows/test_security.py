"""Who may change what: other browsers, accounts, roles, methods, refusals (SEC-10, -16, -19, -28, -33, -35)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from urllib.parse import urlencode

import pytest
import requests
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.lti import access_tokens, ags
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import (
    CLAIM,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    OTHER_LEARNER,
    PROBLEM,
    UNPUBLISHED,
    WELCOME,
    Connection,
)
from tests.traces import nobody_came, nothing_stored, refusal, stored


def outcome() -> str:
    return LaunchAttempt.objects.first().outcome


def account_of(sub: str) -> object:
    return PlatformUser.objects.filter(sub=sub).latest("pk").user


# --- SEC-10: one login, one browser -----------------------------------------------------------------------------------


def test_core_05_sec_10_the_token_of_another_login_of_the_same_browser_is_refused(connection):
    browser, link = Browser(), connection.link(WELCOME)
    first, second = (connection.launch_form(link, browser=browser) for _ in range(2))
    first.fields["id_token"], second.fields["id_token"] = second.fields["id_token"], first.fields["id_token"]
    assert refusal(browser.submit(first)) == "nonce_mismatch"
    assert refusal(browser.submit(second)) == "nonce_mismatch"
    assert nobody_came()


def test_sec_10_a_whole_launch_of_an_attacker_signs_no_victim_in(connection):
    """The victim is signed in as herself, has a login of her own under way, and is led to post the attacker's form."""
    victim, attacker = Browser(), Browser()
    page = connection.launch(connection.link(WELCOME), LEARNER, victim)
    connection.launch_form(connection.link(WELCOME), LEARNER, victim)
    form = connection.launch_form(connection.link(WELCOME), OTHER_LEARNER, attacker)
    before, session = stored(), victim.cookies["sessionid"]
    assert refusal(victim.submit(form)) == "browser_mismatch"
    assert stored() == before
    assert victim.cookies["sessionid"] == session
    assert victim.get(page.url, timeout=5).status_code == 200


@every("spoil", [str.upper, lambda value: value[:-1], lambda value: f"{value}x", lambda value: ""])
def test_sec_10_a_cookie_that_is_almost_right_does_not_do(connection, spoil):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    for cookie in browser.cookies:
        cookie.value = spoil(cookie.value)
    assert refusal(browser.submit(form)) == "browser_mismatch"
    assert nobody_came()


# --- SEC-16: accounts of other people ---------------------------------------------------------------------------------


RIGHTS = [{}, {"is_staff": True}, {"is_superuser": True}]
ADDRESSES = ["ada.park-{}@platform.example", "ADA.Park-{}@Platform.Example"]


@pytest.mark.parametrize("trusted", [False, True])
def test_sec_16_nobody_takes_over_an_account_by_its_email_at_the_first_launch_or_later(connect, trusted):
    connection, users = connect(trust_emails=trusted), get_user_model().objects
    owners = [
        users.create_user(f"owner-{at}", email=address.format(at), **right)
        for at, (right, address) in enumerate(product(RIGHTS, ADDRESSES))
    ]
    before = list(users.values().order_by("pk"))
    connection.enter_with({})
    for owner in owners:
        for claims in (
            {"sub": f"new-{owner.pk}", "email": owner.email},
            {"email": owner.email.swapcase()},
            {"sub": owner.username, "name": owner.username},
        ):
            connection.enter_with(claims)
        assert not users.exclude(pk=owner.pk).filter(email__iexact=owner.email).exists()
    mine = [owner.pk for owner in owners]
    assert list(users.filter(pk__in=mine).values().order_by("pk")) == before
    assert PlatformUser.objects.exclude(user__in=owners).count() == PlatformUser.objects.count() == 2 * len(owners) + 1
    assert not {int(session.get_decoded()["_auth_user_id"]) for session in Session.objects.all()} & set(mine)


def test_sec_16_the_same_person_on_two_platforms_is_two_accounts(connect):
    registrations = (connect(trust_emails=True), connect(trust_emails=True))
    pages = [connection.launch(connection.link(WELCOME)) for connection in registrations]
    assert [page.status_code for page in pages] == [200, 200]
    first, second = (row.user for row in PlatformUser.objects.filter(sub=LEARNER))
    assert first.pk != second.pk
    assert {first.email, second.email} == {"ada.park@platform.example", f"{second.username}@lti.invalid"}


# --- SEC-19: roles ----------------------------------------------------------------------------------------------------


def test_sec_19_the_newest_role_counts(connection):
    link, seen = connection.link(PROBLEM, graded=True), []
    for role in ("Instructor", "Learner", "Instructor", "Learner", "Mentor"):
        connection.platform.tamper_next_launch(
            claims=lambda claims, role=role: {**claims, f"{CLAIM}roles": [f"{MEMBERSHIP}{role}"]}
        )
        connection.enter(link)
        seen.append(PendingScore.objects.exists())
    assert seen == [False, True, False, True, False]


def test_sec_19_nothing_that_a_platform_says_makes_an_account_more_than_a_learners(connection):
    connection.launch_with(
        {
            f"{CLAIM}roles": [
                *("Administrator", "SysAdmin", "is_staff", "urn:lti:sysrole:ims/lis/SysAdmin"),
                "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
                "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
            ],
            f"{CLAIM}custom": {"is_staff": "true", "is_superuser": "1", "username": "admin"},
            "is_staff": True,
            "is_superuser": True,
            "groups": ["Global Staff"],
            "preferred_username": "admin",
        }
    )
    user = account_of(LEARNER)
    assert (user.is_staff, user.is_superuser, user.groups.count(), user.user_permissions.count()) == (
        False,
        False,
        0,
        0,
    )
    assert user.username.startswith("lti_")


# --- SEC-28: our keys -------------------------------------------------------------------------------------------------


def test_sec_28_what_the_old_key_signed_is_good_until_it_expires(connection):
    """An assertion is signed, our keys rotate, and only then the platform looks at our key set."""
    ToolKey.objects.update(created_at=timezone.now() - timedelta(hours=1))
    deployment = connection.registration.deployments.get()
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": access_tokens.ASSERTION_TYPE,
        "client_assertion": access_tokens.assertion(deployment),
        "scope": ags.SCORE_SCOPE,
    }
    (old,) = ToolKey.objects.all()
    keys.rotate()
    assert requests.post(connection.platform.auth_token_url, data=form, timeout=5).status_code == 200
    published = {key["kid"] for key in requests.get(f"{connection.lms}/lti/1p3/pub/jwks/", timeout=5).json()["keys"]}
    assert published == {key.kid for key in ToolKey.objects.all()}
    old.refresh_from_db()
    assert old.published_until > timezone.now() + timedelta(seconds=access_tokens.ASSERTION_LIFETIME)
    assert access_tokens.access_token(deployment, [ags.SCORE_SCOPE], fresh=True)


# --- SEC-33: methods --------------------------------------------------------------------------------------------------


def genuine(connection: Connection, door: str, browser: Browser) -> tuple[str, dict[str, str]]:
    """Return a door's address, and all that it would need to be passed by POST."""
    if door == "launch":
        form = connection.launch_form(connection.link(WELCOME), browser=browser)
        return form.action, form.fields
    if door == "content":
        return connection.content_url(WELCOME), {}
    values = {"iss": connection.platform.issuer, "client_id": connection.client_id, "login_hint": "x"}
    return f"{connection.lms}/lti/1p3/login/", {**values, "target_link_uri": connection.content_url(WELCOME)}


@every("door", ["login", "launch", "content", "keys"])
@every("knows_us", [False, True])
def test_sec_33_no_door_changes_an_account_or_a_session_but_a_posted_launch(connection, door, knows_us):
    browser = Browser()
    if knows_us:
        connection.enter(connection.link(WELCOME), OTHER_LEARNER, browser)
    url, fields = (f"{connection.lms}/lti/1p3/pub/jwks/", {}) if door == "keys" else genuine(connection, door, browser)
    session = browser.cookies.get("sessionid")
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"):
        address = f"{url}?{urlencode(fields)}"
        with nothing_stored():
            answer = browser.request(method, address, data=fields, allow_redirects=False, timeout=5)
        assert answer.status_code < 500, method
        assert "sessionid" not in answer.cookies, method
        assert browser.cookies.get("sessionid") == session, method
        assert door != "launch" or method == "OPTIONS" or answer.status_code == 405, method
    if door == "launch":  # it was not used up
        assert browser.post(url, data=fields, allow_redirects=False, timeout=5).status_code == 302


def test_sec_33_login_by_get_gives_the_browser_its_own_cookie_only(connection):
    browser = Browser()
    url, fields = genuine(connection, "login", browser)
    with nothing_stored():
        answer = browser.get(url, params=fields, allow_redirects=False, timeout=5)
    assert answer.status_code == 302
    assert [cookie.name.partition("-")[0] for cookie in answer.cookies] == ["lti1p3"]


# --- SEC-35: refusals -------------------------------------------------------------------------------------------------


def spoilt(**changes: object) -> Callable[[Connection], None]:
    return lambda connection: connection.platform.tamper_next_launch(
        claims=lambda claims: {**claims, **{name.replace("LTI_", CLAIM): value for name, value in changes.items()}}
    )


def account(**values: object) -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        connection.enter(connection.link(WELCOME), LEARNER)
        get_user_model().objects.filter(pk=account_of(LEARNER).pk).update(**values)

    return change


REFUSALS = {
    "token_expired": spoilt(exp=int(time.time()) - 3600),
    "audience_mismatch": spoilt(aud="another"),
    "nonce_mismatch": spoilt(nonce="another"),
    "claim_missing": spoilt(LTI_resource_link=None),
    "claim_invalid": spoilt(LTI_version="1.1"),
    "message_type_unsupported": spoilt(LTI_message_type="LtiDataPrivacyLaunchRequest"),
    "subject_missing": spoilt(sub=""),
    "deployment_unknown": spoilt(LTI_deployment_id="another"),
    "target_invalid": spoilt(LTI_target_link_uri="https://elsewhere.example/"),
    "signature_invalid": lambda connection: connection.platform.tamper_next_launch(algorithm="HS256"),
    "key_unknown": lambda connection: connection.platform.faults.set("unknown_kid", endpoint="launch", times=1),
    "gate_closed": lambda connection: connection.gate(allowed_keys=[WELCOME]),
    "account_inactive": account(is_active=False),
    "account_privileged": account(is_staff=True),
}


@every("code", REFUSALS)
def test_sec_35_a_refusal_signs_nobody_in_and_nobody_out(connect, code):
    connection, browser = connect(), Browser()
    connection.enter(connection.link(WELCOME), OTHER_LEARNER, browser)
    link, session = connection.link(PROBLEM, graded=True), browser.cookies["sessionid"]
    REFUSALS[code](connection)
    before = stored()
    answer = connection.launch(link, LEARNER, browser)
    assert refusal(answer) == outcome() == code
    after = stored()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == ({"Deployment"} if code == "deployment_unknown" else set())
    assert browser.cookies["sessionid"] == session
    assert browser.get(connection.content_url(WELCOME), timeout=5).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: Registration.objects.update(enabled=False),
        lambda: Deployment.objects.update(status=Deployment.Status.DISABLED),
    ],
    ids=["registration", "deployment"],
)
def test_sec_35_a_refusal_of_what_was_switched_off_lets_nobody_in(connection, spoil):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), INSTRUCTOR, browser)
    spoil()
    assert refusal(browser.submit(form)) in ("registration_disabled", "deployment_disabled")
    assert nobody_came()


def test_sec_35_sec_20_content_that_may_not_be_opened_leaves_nothing(connection):
    assert refusal(connection.launch(connection.link(UNPUBLISHED))) == "content_not_found"
    connection.gate()
    assert refusal(connection.launch(connection.link(PROBLEM, graded=True))) == "gate_closed"
    assert nobody_came()
