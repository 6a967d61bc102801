"""What a launch must prove (CORE-04 to CORE-14), with real tokens of the emulated platform, each spoilt in one way."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.signing import TimestampSigner

from demo.browser import Browser, forms
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.lti.state import SALT
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users.models import PlatformUser
from tests.cases import every
from tests.connection import AGS_CLAIM, CLAIM, LEARNER, PROBLEM, UNIT, WELCOME, Connection
from tests.remembered import seconds_left, used_marks

STEPS = [
    *("form", "state", "browser", "shape", "registration", "signature", "audience", "nonce", "message", "first use"),
    *("deployment", "target", "gate", "content", "account", "access", "records"),
]


def outcome() -> str:
    """Return how the newest attempt ended."""
    return LaunchAttempt.objects.first().outcome


def refused(response: requests.Response, code: str, status: int = 400) -> bool:
    """Check a refusal: its status, its code, its page, and that it left nothing but the attempt's record."""
    attempt = LaunchAttempt.objects.first()
    assert (response.status_code, attempt.outcome) == (status, code), (response.text, attempt.detail)
    assert attempt.support_code in response.text
    assert not PlatformUser.objects.exists()
    assert not get_user_model().objects.exists()
    assert not ResourceLink.objects.exists()
    assert "sessionid" not in response.cookies
    return True


def test_a_launch_opens_its_content_and_is_recorded(connection):
    page = connection.launch(connection.link(PROBLEM))
    assert page.status_code == 200
    assert page.url == connection.content_url(PROBLEM)
    assert "Primary colours" in page.text
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.steps, attempt.door) == ("ok", STEPS, "launch")
    assert attempt.registration == attempt.deployment.registration == connection.registration


# --- CORE-04: the token -----------------------------------------------------------------------------------------------


def test_core_04_aud_array_any_position(connection):
    values = {"aud": ["another", connection.client_id, "third"], "azp": connection.client_id}
    assert connection.launch_with(values).status_code == 200


def test_core_04_aud_array_with_one_member(connection):
    assert connection.launch_with({"aud": [connection.client_id]}).status_code == 200


def test_core_04_several_audiences_need_azp(connection):
    assert refused(connection.launch_with({"aud": [connection.client_id, "other"]}), "audience_mismatch")


@every("audience", ["other", ["other"], ["CLIENT"]])
def test_core_04_another_audience(connection, audience):
    assert refused(connection.launch_with({"aud": audience}), "audience_mismatch")


@pytest.mark.parametrize("audience", ["", []])
def test_core_04_an_empty_audience(connection, audience):
    assert refused(connection.launch_with({"aud": audience}), "claim_missing")


@pytest.mark.parametrize("empty", [None, "", []], ids=repr)
def test_core_04_an_empty_azp_is_none(connection, empty):
    ours = connection.client_id
    assert refused(connection.launch_with({"azp": empty, "aud": [ours, "another"]}), "audience_mismatch")
    assert connection.launch_with({"azp": empty, "aud": [ours, ours]}).status_code == 200


def test_core_04_azp_of_another_tool(connection):
    assert refused(connection.launch_with({"azp": "other"}), "audience_mismatch")


@every("issuer", ["https://other.example", "{}/", " {}"])
def test_core_04_issuer_is_exact(connection, issuer):
    response = connection.launch_with({"iss": issuer.format(connection.platform.issuer)})
    assert refused(response, "issuer_mismatch")


@every("name", ["exp", "iat", "nonce", "iss", "aud"])
def test_core_04_required_registered_claims(connection, name):
    assert refused(connection.launch_with({}, name), "claim_missing")
    assert LaunchAttempt.objects.first().detail == name


LEEWAY = [  # what is refused comes first: it leaves nobody
    ({"exp": -62}, False),
    ({"nbf": 66}, False),
    ({"iat": 66}, False),
    ({"iat": 365 * 86400}, False),
    ({"exp": -3600, "iat": -7200}, False),
    ({"exp": 10, "nbf": 3600}, False),
    ({"exp": -56}, True),
    ({"exp": 365 * 86400}, True),
    ({"nbf": 56}, True),
    ({"nbf": -365 * 86400}, True),
    ({"iat": 56}, True),
]


@every("changes, passes", LEEWAY)
@every("kind", [int, float])
def test_core_04_sec_26_sixty_seconds_leeway_in_each_direction(connection, changes, passes, kind):
    response = connection.tampered_launch(
        claims=lambda claims: {**claims, **{name: kind(time.time() + after) for name, after in changes.items()}}
    )
    assert response.status_code == 200 if passes else refused(response, "token_expired")


@pytest.mark.parametrize(("age", "passes"), [(640, True), (680, False)])
def test_sec_26_bad_07_iat_is_not_older_than_a_login_can_be(connection, age, passes):
    response = connection.launch_with({"iat": int(time.time()) - age, "exp": int(time.time()) + 300})
    assert response.status_code == 200 if passes else refused(response, "token_expired")


@every("name", ["exp", "iat", "nbf"])
@every("wrong", ["", "text", [], [0], {}, True, False, "number"])
def test_core_04_sec_26_times_of_a_wrong_type_are_not_coerced(connection, name, wrong):
    value = str(int(time.time()) + (300 if name == "exp" else -10)) if wrong == "number" else wrong
    assert refused(connection.launch_with({name: value}), "claim_invalid")


@every(
    "name, value",
    [
        ("sub", 7),
        (f"{CLAIM}roles", "Learner"),
        (f"{CLAIM}roles", [1]),
        (f"{CLAIM}context", "course"),
        (f"{CLAIM}context", {"id": 5}),
        (f"{CLAIM}resource_link", []),
        (f"{CLAIM}deployment_id", 1),
        (AGS_CLAIM, "x"),
        (AGS_CLAIM, {"scope": "x"}),
        (AGS_CLAIM, {"lineitem": 1}),
        ("nonce", 1),
        ("azp", 7),
        ("sub", "nul\x00"),
        ("sub", "\ud800"),
    ],
)
def test_core_04_claims_of_a_wrong_type_are_refused(connection, name, value):
    assert refused(connection.launch_with({name: value}), "claim_invalid")


def test_core_04_a_signature_that_is_none_is_a_refusal(connection):
    response = connection.tampered_launch(raw_token=lambda token: f"{token.rpartition('.')[0]}.a")
    assert refused(response, "token_malformed")
    assert LaunchAttempt.objects.first().detail == "signature: not base64url without padding"


# --- CORE-05: state and nonce -----------------------------------------------------------------------------------------


def test_core_05_nonce_of_another_login(connection):
    assert refused(connection.launch_with({"nonce": "another"}), "nonce_mismatch")


def test_core_05_state_must_be_ours(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    form.fields["state"] = "a" + form.fields["state"]
    assert refused(browser.submit(form), "state_unknown")


def test_core_05_sec_10_state_belongs_to_one_browser(connection):
    form = connection.launch_form(connection.link(WELCOME))
    assert refused(Browser().submit(form), "browser_mismatch")


def test_core_05_sec_10_another_logins_cookie_does_not_do(connection):
    link, attacker, victim = connection.link(WELCOME), Browser(), Browser()
    form = connection.launch_form(link, browser=attacker)
    connection.launch_form(link, browser=victim)
    (own,) = [cookie.value for cookie in victim.cookies if cookie.name.startswith("lti1p3-")]
    (name,) = [cookie.name for cookie in attacker.cookies if cookie.name.startswith("lti1p3-")]
    victim.cookies.set(name, own, domain=form.action.split("/")[2].split(":")[0])
    assert refused(victim.submit(form), "browser_mismatch")


def test_core_05_a_launch_is_good_for_one_use(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    cookies = browser.cookies.copy()
    assert browser.submit(form).status_code == 200
    browser.cookies = cookies
    response = browser.submit(form)
    assert (response.status_code, outcome()) == (400, "launch_replayed")
    assert "Start again from your course" in response.text


def test_core_05_twenty_posts_at_once_make_one_launch(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    cookies = {cookie.name: cookie.value for cookie in browser.cookies}

    def post(_: int) -> int:
        answer = requests.post(form.action, data=form.fields, cookies=cookies, timeout=20, allow_redirects=False)
        return answer.status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(post, range(20)))
    assert sorted(set(statuses)) == [302, 400]
    assert statuses.count(302) == 1


def test_core_05_a_launch_that_is_refused_later_uses_its_login_up_too(connection):
    connection.gate()
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    cookies = browser.cookies.copy()
    assert refused(browser.submit(form), "gate_closed", 403)
    browser.cookies = cookies
    assert refused(browser.submit(form), "launch_replayed")


def test_core_05_the_back_button_after_a_launch_says_to_start_again(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    landed = browser.submit(form)
    assert not [cookie.name for cookie in browser.cookies if cookie.name.startswith("lti1p3-")]
    again = browser.submit(form)
    assert (again.status_code, outcome()) == (400, "launch_replayed")
    assert "Start again from your course" in again.text
    assert browser.get(landed.url, timeout=5).status_code == 200


def test_core_05_a_state_of_another_version_is_a_refusal(connection):
    form = connection.launch_form(connection.link(WELCOME))
    form.fields["state"] = TimestampSigner(salt=SALT).sign(f"token.{connection.registration.pk}")
    assert refused(Browser().post(form.action, data=form.fields, timeout=5), "state_unknown")


def test_core_05_a_cache_that_forgets_does_not_make_a_launch_good_twice(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    cookies = {cookie.name: cookie.value for cookie in browser.cookies}
    assert browser.submit(form).status_code == 200
    get_user_model().objects.all().delete()
    cache.clear()
    again = requests.post(form.action, data=form.fields, cookies=cookies, timeout=20, allow_redirects=False)
    assert (again.status_code, outcome()) == (400, "launch_replayed")
    assert not get_user_model().objects.exists()


def test_core_05_state_lives_ten_minutes(connection, settings):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    rest, _, _signature = form.fields["state"].rpartition(":")
    assert time.time() - _seconds(rest.rpartition(":")[2]) < 5

    class Old(TimestampSigner):
        def timestamp(self) -> str:
            from django.core import signing

            return signing.b62_encode(int(time.time()) - 601)

    form.fields["state"] = Old(salt=SALT).sign(rest.rpartition(":")[0])
    assert refused(browser.submit(form), "state_expired")


def _seconds(text: str) -> int:
    from django.core import signing

    return signing.b62_decode(text)


def test_core_05_logins_outlive_a_change_of_the_sites_secret(connection, settings):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret, long enough for Django's liking"
    assert browser.submit(form).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    settings.SECRET_KEY = "a third one, and the second is not known any more"
    assert browser.submit(form).status_code == 400
    assert outcome() == "state_unknown"


@pytest.mark.parametrize("keys", ["fetched", "inline"])
def test_core_05_fails_closed_when_the_cache_keeps_nothing(connect, settings, platform, keys):
    connection = connect(key_set_url="", key_set=platform.public_jwks()) if keys == "inline" else connect()
    link = connection.link(WELCOME)
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.ForgetfulCache"}}
    assert refused(connection.launch(link), "state_store_down", 503)


def test_core_05_fails_closed_when_the_cache_is_down(connect, settings):
    connection = connect(key_set_url="", key_set=connect().platform.public_jwks())
    link = connection.link(WELCOME)
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    assert refused(connection.launch(link), "state_store_down", 503)


def test_sec_09_nothing_is_kept_of_a_state_that_is_not_ours(connection):
    before = used_marks()
    requests.post(f"{connection.lms}/lti/1p3/launch/", data={"state": "x.1:y:z", "id_token": "a.b.c"}, timeout=5)
    assert outcome() == "state_unknown"
    assert used_marks() == before
    connection.enter(connection.link(WELCOME))
    assert used_marks() == before + 1


def test_core_05_a_used_state_is_remembered_for_longer_than_it_lives(connection):
    connection.enter(connection.link(WELCOME))
    (left,) = seconds_left("lti1p3:used:")
    assert left >= 600


def test_core_05_a_state_of_any_length_gets_a_page(connection):
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    form.fields["state"] += "x" * 100_000
    assert refused(browser.submit(form), "state_unknown")


# --- CORE-06 to CORE-14 -----------------------------------------------------------------------------------------------


def test_core_06_an_error_of_the_platform_gets_a_page(connection):
    values = {"error": "login_required", "error_description": "<b>sign in</b>", "state": "x"}
    response = Browser().post(f"{connection.lms}/lti/1p3/launch/", data=values, timeout=5)
    assert refused(response, "platform_refused")
    assert "<b>sign in" not in response.text
    assert LaunchAttempt.objects.get().detail == "error: login_required"


def test_core_06_sec_24_what_the_platform_says_is_one_short_line_in_our_records(connection):
    values = {"error": f" a\nb  {'c' * 100}", "state": "x"}
    response = Browser().post(f"{connection.lms}/lti/1p3/launch/", data=values, timeout=5)
    assert refused(response, "platform_refused")
    assert LaunchAttempt.objects.get().detail == f"error: a b {'c' * 60}"


@pytest.mark.parametrize(
    ("values", "said"),
    [({}, "id_token, state"), ({"state": "x", "id_token": ""}, "id_token"), ({"id_token": "x"}, "state")],
)
def test_core_06_what_is_missing_is_said(connection, values, said):
    response = Browser().post(f"{connection.lms}/lti/1p3/launch/", data=values, timeout=5)
    assert refused(response, "token_missing")
    attempt = LaunchAttempt.objects.get()
    assert (attempt.detail, attempt.steps, attempt.door) == (f"missing: {said}", [], "launch")


def test_core_06_an_error_counts_more_than_a_token_and_uses_no_login_up(connection):
    begun = []
    for error in ("login_required", "invalid_request", "server_error", "\x00\r\n<b>", "e" * 5000):
        browser = Browser()
        form = connection.launch_form(connection.link(WELCOME), browser=browser)
        said = {**form.fields, "error": error, "error_description": "<b>why</b>", "error_uri": "javascript:alert(1)"}
        response = browser.post(form.action, data=said, timeout=5)
        assert refused(response, "platform_refused"), error
        assert "<b>why" not in response.text, error
        assert "alert(1)" not in response.text, error
        begun.append((browser, form))
    assert [browser.submit(form).status_code for browser, form in begun] == [200] * 5


@every(
    "name, code",
    [
        (f"{CLAIM}message_type", "claim_missing"),
        (f"{CLAIM}version", "claim_missing"),
        (f"{CLAIM}deployment_id", "claim_missing"),
        (f"{CLAIM}target_link_uri", "claim_missing"),
        (f"{CLAIM}roles", "claim_missing"),
        (f"{CLAIM}resource_link", "claim_missing"),
    ],
)
def test_core_07_required_claims(connection, name, code):
    assert refused(connection.launch_with({}, name), code)


@every(
    "name, value",
    [
        ("version", "1.3"),
        ("version", "LTI-1p3"),
        ("deployment_id", "x" * 256),
        ("resource_link", {"title": "no id"}),
        ("resource_link", {"id": ""}),
    ],
)
def test_core_07_values_of_required_claims(connection, name, value):
    response = connection.launch_with({f"{CLAIM}{name}": value})
    assert response.status_code == 400
    assert outcome() in ("claim_invalid", "claim_missing")
    assert LaunchAttempt.objects.first().support_code in response.text
    assert not PlatformUser.objects.exists()


def test_core_07_a_message_of_another_type_is_refused_by_name(connection):
    assert refused(
        connection.launch_with({f"{CLAIM}message_type": "LtiSubmissionReviewRequest"}), "message_type_unsupported"
    )
    assert LaunchAttempt.objects.first().detail.startswith(
        "'LtiSubmissionReviewRequest'; taken: LtiResourceLinkRequest"
    )
    assert not PlatformUser.objects.exists()


def test_core_08_the_claim_decides_what_is_opened(connection):
    browser, link = Browser(), connection.link(WELCOME)
    initiation = forms(browser.get(connection.platform.launch_url(link.id, LEARNER), timeout=5))[0]
    initiation.fields["target_link_uri"] = "https://elsewhere.example/"
    page = browser.follow(browser.submit(initiation))
    assert page.url == connection.content_url(WELCOME)
    assert (outcome(), "another target_link_uri" in LaunchAttempt.objects.first().detail) == ("ok", True)
    connection.enter(link)
    assert LaunchAttempt.objects.first().detail == ""


def test_core_09_no_sub_is_refused(connection):
    assert refused(connection.launch_with({}, "sub"), "subject_missing")
    assert refused(connection.launch_with({"sub": ""}), "subject_missing")


def test_core_09_anonymous_launches_are_an_opt_in(connection):
    connection.registration.allow_anonymous = True
    connection.registration.save()
    link = connection.link(PROBLEM, graded=True)
    for _ in range(2):
        page = connection.tampered_launch(
            link, claims=lambda claims: {name: value for name, value in claims.items() if name != "sub"}
        )
        assert page.status_code == 200
    assert PlatformUser.objects.count() == 2


def test_core_10_identity_is_byte_exact_and_per_registration(connect):
    first, second = connect(), connect()
    first.person("Case"), first.person("case"), first.person("case ")
    for sub in ("Case", "case", "case "):
        first.enter(first.link(WELCOME), sub)
    second.enter(second.link(WELCOME), "case")
    first.enter(first.link(WELCOME), "case")
    assert PlatformUser.objects.count() == get_user_model().objects.count() == 4


def test_core_10_contexts_and_links_belong_to_a_deployment(connect):
    for connection in (connect(), connect()):
        connection.enter(connection.link(WELCOME, id="the same id"))
    assert Context.objects.count() == 2
    assert ResourceLink.objects.count() == 2


def test_core_10_contexts_and_links_of_one_registration_belong_to_a_deployment(connect):
    connection = connect(deployment_ids=("1", "2"))
    for deployment in ("1", "2", "1"):
        link = connection.link(WELCOME, id=f"{connection.client_id}-same")
        connection.tampered_launch(
            link, claims=lambda claims, name=deployment: {**claims, f"{CLAIM}deployment_id": name}
        )
    assert Context.objects.count() == ResourceLink.objects.count() == 2
    assert {row.deployment.deployment_id for row in ResourceLink.objects.all()} == {"1", "2"}
    assert PlatformUser.objects.count() == 1  # a person is the registration's


def test_core_11_optional_claims_may_be_missing(connection):
    names = ("context", "custom", "launch_presentation", "lis", "tool_platform")
    response = connection.launch_with({}, *(f"{CLAIM}{name}" for name in names), "name", "email", "given_name")
    assert response.status_code == 200


def test_core_11_unknown_claims_and_nulls_are_ignored(connection):
    values = {"https://vendor.example/claim": {"x": [1]}, "name": None, f"{CLAIM}context": None}
    assert connection.launch_with(values).status_code == 200


def test_core_14_an_unknown_deployment_is_refused_and_offered_to_the_operator(connection):
    response = connection.launch_with({f"{CLAIM}deployment_id": "new"})
    assert refused(response, "deployment_unknown", 403)
    waiting = Deployment.objects.get(deployment_id="new")
    assert waiting.status == Deployment.Status.PENDING
    assert refused(connection.launch_with({f"{CLAIM}deployment_id": "new"}), "deployment_unknown", 403)
    assert Deployment.objects.count() == 2
    waiting.status = Deployment.Status.APPROVED
    waiting.save()
    assert connection.launch_with({f"{CLAIM}deployment_id": "new"}).status_code == 200


def test_core_14_a_forged_launch_offers_no_deployment(connection):
    connection.tampered_launch(
        claims=lambda claims: {**claims, f"{CLAIM}deployment_id": "forged"},
        raw_token=lambda token: token[:-8] + "AAAAAAAA",
    )
    assert outcome() == "signature_invalid"
    assert Deployment.objects.count() == 1


def test_core_14_a_disabled_deployment(connection):
    Deployment.objects.update(status=Deployment.Status.DISABLED)
    assert refused(connection.launch(connection.link(WELCOME)), "deployment_disabled", 403)


def test_core_14_deployments_are_case_sensitive(connect):
    connection = connect(deployment_ids=("abc",))
    assert refused(connection.launch_with({f"{CLAIM}deployment_id": "ABC"}), "deployment_unknown", 403)


def test_moodles_empty_line_item_is_none(connection):
    response = connection.launch_with({AGS_CLAIM: {"scope": [], "lineitem": "", "lineitems": ""}})
    assert response.status_code == 200


def test_two_links_of_one_unit_are_two_rows(connection: Connection):
    for name in ("one", "two"):
        connection.enter(connection.link(UNIT, id=f"{connection.client_id}-{name}"))
    assert ResourceLink.objects.filter(usage_key=UNIT).count() == 2
