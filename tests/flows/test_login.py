"""Login initiation (CORE-01 to CORE-03) through real HTTP."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.cache import cache

from demo.browser import Browser
from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.diagnostics.record import LIMITS
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import LaunchReplayed, RegistrationUnknown, TokenExpired
from tests.cases import every
from tests.connection import WELCOME, Connection


def login(connection: Connection, method: str = "POST", **changes: str | None) -> requests.Response:
    """Send a login initiation; None leaves a parameter out."""
    values = {
        "iss": connection.platform.issuer,
        "login_hint": "somebody",
        "target_link_uri": connection.content_url(WELCOME),
        "lti_message_hint": '{"cmid": 3}',
        "client_id": connection.client_id,
        "lti_deployment_id": "1",
        **changes,
    }
    sent = {name: value for name, value in values.items() if value is not None}
    url = f"{connection.lms}/lti/1p3/login/"
    if method == "GET":
        return Browser().get(url, params=sent, allow_redirects=False, timeout=5)
    return Browser().post(url, data=sent, allow_redirects=False, timeout=5)


def asked(response: requests.Response) -> dict[str, str]:
    """Return the authentication request's parameters."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_core_01_login_takes_get_and_post(connection, method):
    assert login(connection, method).status_code == 302


@pytest.mark.parametrize("name", ["iss", "login_hint", "target_link_uri"])
def test_core_01_required_parameters(connection, name):
    response = login(connection, **{name: None})
    assert response.status_code == 400
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.detail) == ("login_parameter_missing", f"missing: {name}")


def test_core_01_all_that_is_missing_is_said(connection):
    assert login(connection, iss=None, target_link_uri="").status_code == 400
    assert LaunchAttempt.objects.get().detail == "missing: iss, target_link_uri"


def test_core_01_hints_and_client_id_are_optional(connection):
    response = login(connection, lti_message_hint=None, client_id=None, lti_deployment_id=None)
    assert response.status_code == 302
    assert "lti_message_hint" not in response.headers["Location"]


def test_core_02_unknown_issuer(connection):
    response = login(connection, iss="https://nobody.example")
    assert response.status_code == 400
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.steps, attempt.door) == ("registration_unknown", ["parameters"], "login")
    assert attempt.target == connection.content_url(WELCOME)


def test_core_02_unknown_client_id_does_not_fall_back_to_the_issuer(connection):
    assert login(connection, client_id="another").status_code == 400


def test_core_02_without_client_id_one_registration_is_taken_and_two_are_not(connect):
    first = connect()
    assert asked(login(first, client_id=None))["client_id"] == first.client_id
    connect()
    assert login(first, client_id=None).status_code == 400
    assert LaunchAttempt.objects.get().outcome == "registration_ambiguous"


def test_core_02_an_empty_client_id_is_none(connect):
    first = connect()
    assert asked(login(first, client_id=""))["client_id"] == first.client_id
    connect()
    assert login(first, client_id="").status_code == 400


def test_core_02_a_registration_of_another_issuer_does_not_count(connect):
    first = connect()
    connect(issuer="https://another.example", client_id=first.client_id)
    assert asked(login(first, client_id=None))["client_id"] == first.client_id
    assert login(first, iss="https://another.example", client_id=None).headers["Location"].startswith("http")
    assert login(first, iss="https://another.example/").status_code == 400


def test_core_02_identity_is_case_sensitive(connect):
    first = connect(client_id="Case")
    assert login(first, client_id="case").status_code == 400


def test_core_03_authentication_request(connection):
    response = login(connection)
    query = asked(response)
    assert response.headers["Location"].startswith(connection.platform.auth_login_url + "?")
    assert {name: query[name] for name in ("scope", "response_type", "response_mode", "prompt")} == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
    }
    assert query["redirect_uri"] == f"{connection.lms}/lti/1p3/launch/"
    assert (query["client_id"], query["login_hint"]) == (connection.client_id, "somebody")
    assert query["lti_message_hint"] == '{"cmid": 3}'
    assert set(query) == {
        *("scope", "response_type", "response_mode", "prompt", "redirect_uri", "client_id", "login_hint"),
        *("lti_message_hint", "state", "nonce"),
    }


def test_core_03_the_redirect_uri_is_the_public_one_behind_a_proxy_that_hides_https(connection, settings):
    settings.LTI_1P3_PROVIDER_PUBLIC_URL = connection.lms.replace("http:", "https:")
    assert asked(login(connection))["redirect_uri"] == f"{settings.LTI_1P3_PROVIDER_PUBLIC_URL}/lti/1p3/launch/"


def test_core_03_state_and_nonce_are_new_each_time_and_unlike_each_other(connection):
    queries = [asked(login(connection)) for _ in range(3)]
    secrets = {query[name] for query in queries for name in ("state", "nonce")}
    assert len(secrets) == 6
    assert all(len(secret) >= 40 for secret in secrets)


def test_core_05_the_cookie_cannot_be_read_off_the_address(connection):
    """A platform knows state and nonce; only the browser knows the cookie."""
    response = login(connection)
    (value,) = response.cookies.values()
    signature = asked(response)["state"].rpartition(":")[2]
    assert len({value, asked(response)["nonce"], signature}) == 3


def test_core_03_an_authorization_url_with_a_query_keeps_it(connect):
    connection = connect(auth_login_url="http://127.0.0.1:1/auth?tenant=7")
    assert asked(login(connection))["tenant"] == "7"


def test_login_never_echoes_what_was_not_asked_for(connection):
    values = {"iss": connection.platform.issuer, "login_hint": "x", "target_link_uri": "y", "repost": "true"}
    response = requests.post(f"{connection.lms}/lti/1p3/login/", data=values, allow_redirects=False, timeout=5)
    assert "repost" not in response.headers["Location"]


def test_sec_32_a_login_writes_nothing(connection):
    login(connection)
    assert LaunchAttempt.objects.count() == 0


def test_sec_34_login_parameters_are_not_reflected(connection):
    response = login(connection, iss="https://x.example/<script>alert(1)</script>")
    assert response.status_code == 400
    assert "<script>alert" not in response.text


def test_sec_15_a_disabled_registration_gets_a_page(connection):
    connection.registration.enabled = False
    connection.registration.save()
    response = login(connection)
    assert response.status_code == 403
    assert LaunchAttempt.objects.get().outcome == "registration_disabled"


def test_switched_off_means_not_found(connection, settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    for path in ("login/", "launch/", "pub/jwks/", f"launch/course-v1:A+B+C/{WELCOME}"):
        assert requests.get(f"{connection.lms}/lti/1p3/{path}", timeout=5).status_code == 404


def test_the_switch_may_stand_in_features(connection, settings):
    del settings.ENABLE_LTI_1P3_PROVIDER
    settings.FEATURES = {"ENABLE_LTI_1P3_PROVIDER": True}
    assert login(connection).status_code == 302
    settings.FEATURES = {}
    assert login(connection).status_code == 404


@every("charset", ["raw_unicode_escape", "zlib", "idna", "undefined", "utf-16", "utf-7", "nonsense"])
@every("door", ["login", "launch"])
def test_sec_25_a_form_in_another_encoding_gets_a_page(connection, charset, door):
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n\\ud800\r\n'
        for name in ("iss", "login_hint", "target_link_uri", "state", "id_token", "error")
    )
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    url = f"{connection.lms}/lti/1p3/{door}/"
    response = requests.post(url, data=f"{parts}--x--\r\n".encode(), headers=headers, timeout=5)
    assert response.status_code == 400
    assert LaunchAttempt.objects.first().support_code in response.text


def test_sec_25_an_encoding_in_a_get_gets_a_page(connection):
    headers = {"Content-Type": "text/plain; charset=raw_unicode_escape"}
    response = requests.get(f"{connection.lms}/lti/1p3/login/?iss=%5Cud800", headers=headers, timeout=5)
    assert response.status_code == 400


@every("name", ["iss", "client_id", "login_hint", "target_link_uri"])
def test_sec_25_a_nul_in_a_parameter_gets_a_page(connection, name):
    assert login(connection, **{name: "x\x00"}).status_code == 400


def test_sec_32_one_browser_keeps_few_login_cookies(connection):
    session = requests.Session()
    values = {"iss": connection.platform.issuer, "login_hint": "x", "target_link_uri": "y"}
    for number in range(30):
        url = f"{connection.lms}/lti/1p3/login/"
        assert session.post(url, data=values, allow_redirects=False, timeout=5).status_code == 302
        assert len(session.cookies) == min(number + 1, 21)


def test_sec_32_cookies_of_a_neighbour_are_left_alone(connection):
    values = {"iss": connection.platform.issuer, "login_hint": "x", "target_link_uri": "y"}
    tossed = "; ".join(f"lti1p3-({number})=x" for number in range(30))
    url = f"{connection.lms}/lti/1p3/login/"
    response = requests.post(url, data=values, headers={"Cookie": tossed}, allow_redirects=False, timeout=5)
    assert response.status_code == 302


def test_sec_25_hints_that_fit_into_no_address_get_a_page(connection):
    response = login(connection, lti_message_hint="%" * 9000)
    assert response.status_code == 400
    attempt = LaunchAttempt.objects.get()
    assert attempt.support_code in response.text
    assert (attempt.outcome, attempt.steps) == ("login_parameter_missing", ["parameters", "registration"])
    assert attempt.registration == connection.registration


def test_sec_25_the_longest_address_that_the_platform_is_sent_to(connection):
    fits = 16_000 - len(login(connection, lti_message_hint="x").headers["Location"]) + 1
    assert len(login(connection, lti_message_hint="x" * fits).headers["Location"]) == 16_000
    assert login(connection, lti_message_hint="x" * (fits + 1)).status_code == 400


def test_sec_32_strangers_do_not_hide_what_happens_to_others(connection):
    for _ in range(LIMITS.per_minute + 1):
        record.refusal(Trail("login"), RegistrationUnknown())
        record.refusal(Trail("launch", registration_pk=connection.registration.pk), TokenExpired())
    before = LaunchAttempt.objects.count()
    trail = Trail("launch", steps=["form", "state", "browser"], registration_pk=connection.registration.pk)
    record.refusal(trail, TokenExpired())
    assert LaunchAttempt.objects.count() == before + 1


def test_sec_32_one_launch_that_is_posted_again_and_again_does_not_fill_the_table(db):
    cache.clear()
    for _ in range(2 * LIMITS.per_minute + 50):
        record.refusal(Trail("launch", steps=["browser", "signature", "message"]), LaunchReplayed())
    assert LaunchAttempt.objects.count() <= 2 * LIMITS.per_minute


def test_sec_32_a_flood_of_refusals_does_not_fill_the_table(db):
    cache.clear()
    flood = 2 * LIMITS.per_minute + 50  # more than two minutes' worth, should the clock turn over
    codes = {record.refusal(Trail("login"), RegistrationUnknown()) for _ in range(flood)}
    assert len(codes) == flood
    assert LaunchAttempt.objects.count() <= 2 * LIMITS.per_minute
    record.refusal(Trail("launch", steps=["signature", "first use"]), TokenExpired())
    assert LaunchAttempt.objects.first().outcome == "token_expired"
