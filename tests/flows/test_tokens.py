"""Hostile tokens and platforms whose keys change or fail (SEC-01 to SEC-04, SEC-14, SEC-25)."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jwt.algorithms import RSAAlgorithm

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.lti import key_sets
from tests.cases import every
from tests.connection import AGS_CLAIM, CLAIM, WELCOME
from tests.web_server import Said

MALFORMED = ("token_malformed", "signature_invalid")


def is_refused(response, *codes: str) -> bool:
    assert 400 <= response.status_code < 500
    attempt = LaunchAttempt.objects.first()
    assert attempt.outcome in codes
    assert attempt.support_code in response.text
    return not get_user_model().objects.exists()


def fetches(connection) -> int:
    return sum(request.path == "/jwks" for request in connection.platform.requests)


@every("algorithm", ["none", "HS256", "HS512", "PS256", "RS512"])
def test_sec_01_another_algorithm(connection, algorithm):
    assert is_refused(connection.tampered_launch(algorithm=algorithm), "signature_invalid")


@every("name", ["None", "nOnE", "rs256", "ES256", "", None, 7, ["RS256"]])
def test_sec_01_the_header_does_not_choose_the_algorithm(connection, name):
    assert is_refused(connection.tampered_launch(headers=lambda headers: {**headers, "alg": name}), *MALFORMED)


def test_sec_01_signed_by_somebody_else(connection):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert is_refused(connection.tampered_launch(key=stranger), "signature_invalid")


def test_sec_02_keys_in_the_header_are_ignored(connection):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    extra = {"jwk": jwk, "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/x", "x5c": ["AAAA"]}
    response = connection.tampered_launch(key=stranger, headers=lambda headers: {**headers, **extra})
    assert is_refused(response, "signature_invalid")


def test_sec_02_an_unknown_critical_extension(connection):
    response = connection.tampered_launch(headers=lambda headers: {**headers, "crit": ["exp"], "exp": 1})
    assert is_refused(response, "token_malformed")


@every("kid", ["../../etc/passwd", "' OR 1=1 --", "a\nb", "k" * 10_000, 7, None, [], {"a": 1}, "", "\u0000"])
def test_sec_03_hostile_kid(connection, kid):
    response = connection.tampered_launch(headers=lambda headers: {**headers, "kid": kid})
    assert is_refused(response, "token_malformed", "key_unknown")


@every(
    "spoil",
    [
        lambda text: text.replace('"sub":', '"sub": "other", "sub":', 1),
        lambda text: text[:-1] + ', "extra": NaN}',
        lambda text: text[:-1] + ', "extra": 1e999}',
        lambda text: text[:-1] + ', "exp": Infinity}',
        lambda text: text[:-1] + ', "deep": ' + "[" * 200 + "]" * 200 + "}",
        lambda text: text[:-1] + ', "deep": ' + "[" * 20_000 + "]" * 20_000 + "}",
        lambda text: f"[{text}]",
        lambda text: "null",
        lambda text: text[:-1],
        lambda text: text[:-1] + ', "big": ' + "9" * 5000 + "}",
    ],
)
def test_sec_25_claims_that_are_no_sane_json(connection, spoil):
    assert is_refused(connection.tampered_launch(payload=spoil), "token_malformed")


@every(
    "values",
    [
        {"padding": "x" * 70_000},
        {f"{CLAIM}roles": ["Learner"] * 10_000},
        {f"{CLAIM}custom": {"key": "x" * 1_000_000}},
    ],
)
def test_sec_25_too_large(connection, values):
    assert is_refused(connection.launch_with(values), "token_malformed", "request_too_large")


@every(
    "spoil",
    [
        {"raw_token": lambda token: token + "A" * 70_000},
        {"payload": lambda text: text[:-1] + f', "{CLAIM}custom": {{"key": "{"x" * 100_000}"}}}}'},
        {"claims": lambda claims: {**claims, f"{CLAIM}roles": ["Learner"] * 10_000}},
        {"claims": lambda claims: {**claims, "exp": float("nan")}},
        {"claims": lambda claims: {**claims, "vendor": [[[float("inf")]]]}},
        {"payload": lambda text: text[:-1] + ', "sub": "another"}'},
        {"payload": lambda text: text[:-1] + f', "deep": {"[" * 5000}{"]" * 5000}}}'},
        {"headers": lambda headers: {**headers, "crit": ["exp"]}},
        {"headers": lambda headers: {**headers, "alg": "none"}},
        {"headers": lambda headers: {**headers, "kid": "k" * 10_000}},
        {"headers": lambda headers: {**headers, "kid": 7}},
    ],
)
def test_sec_25_what_is_no_sane_token_is_refused_before_keys_and_database(connection, spoil):
    """Nobody asks the platform for keys, and the database sees the attempt and whose page may frame it."""
    LaunchAttempt.objects.all().delete()
    connection.platform.tamper_next_launch(**spoil)
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    client, asked_before = Client(), fetches(connection)
    client.cookies.load({cookie.name: cookie.value for cookie in browser.cookies})
    with CaptureQueriesContext(database) as queries:
        response = client.post("/lti/1p3/launch/", form.fields, headers={"host": form.action.split("/")[2]})
    attempt = LaunchAttempt.objects.get()
    assert (response.status_code, attempt.steps) == (400, ["form", "state", "browser"])
    assert attempt.outcome in MALFORMED
    assert fetches(connection) == asked_before
    tables = ("lti_1p3_provider_", "auth_user", "django_session")
    ours = [query["sql"] for query in queries if any(table in query["sql"] for table in tables)]
    whose_page, attempts_row = ours
    assert 'FROM "lti_1p3_provider_registration"' in whose_page
    assert attempts_row.startswith('INSERT INTO "lti_1p3_provider_launchattempt"')


@every("raw", ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "....", "é.é.é", "e30.e30.e30"])
def test_sec_25_no_token_at_all(connection, raw):
    response = connection.tampered_launch(raw_token=lambda token: raw)
    assert is_refused(response, "token_malformed", "token_missing", "signature_invalid")


@every("garbage", ["=", "==", "\n", " ", "!", "%00", "é", ".", "A", "AAAAA", "\u2028", "*garbage*"])
def test_sec_25_nothing_may_follow_a_signature(connection, garbage):
    """Older PyJWT skip what is not of the alphabet."""
    code = "token_malformed" if garbage.strip("A") else "signature_invalid"
    assert is_refused(connection.tampered_launch(raw_token=lambda token: token + garbage), code)


@every("place", [0, 5, 341])
def test_sec_25_nothing_may_stand_within_a_signature(connection, place):
    def spoil(token: str) -> str:
        head, _, signature = token.rpartition(".")
        return f"{head}.{signature[:place]}\n{signature[place:]}"

    assert is_refused(connection.tampered_launch(raw_token=spoil), "token_malformed")


def test_sec_25_a_signature_is_written_in_one_way(connection):
    """The last letter of 256 bytes has four bits that say nothing."""

    def spoil(token: str) -> str:
        assert token[-1] in "AQgw"
        return token[:-1] + chr(ord(token[-1]) + 1)

    assert is_refused(connection.tampered_launch(raw_token=spoil), "token_malformed")


# What older versions of PyJWT take, or break at.
TYPES = {
    **{f"iss {value!r}": ({"iss": value}, "issuer_mismatch") for value in ({}, [], 7, True, "")},
    **{f"aud {value!r}": ({"aud": value}, "audience_mismatch") for value in ({"x": 1}, 7, True, [[]], [7])},
    **{f"exp {value!r}": ({"exp": value}, "claim_invalid") for value in ("9999999999", True, [], {})},
    **{f"iat {value!r}": ({"iat": value}, "claim_invalid") for value in ("1", True, [], {})},
    **{f"nbf {value!r}": ({"nbf": value}, "claim_invalid") for value in ("1", True, [], {})},
    "exp before all time": ({"exp": -(10**300)}, "token_expired"),
    "exp -1e308": ({"exp": -1e308}, "token_expired"),
    "iat after all time": ({"iat": 10**300}, "token_expired"),
    "iat before all time": ({"iat": -(10**300)}, "token_expired"),
    "iat 1e308": ({"iat": 1e308}, "token_expired"),
    "nbf after all time": ({"nbf": 10**300}, "token_expired"),
    "sub 7": ({"sub": 7}, "claim_invalid"),
    "sub []": ({"sub": []}, "claim_invalid"),
}


@every("name", TYPES)
def test_sec_25_claims_of_a_wrong_type_or_size_are_a_refusal(connection, name):
    values, code = TYPES[name]
    assert is_refused(connection.launch_with(values), code)


MANY = {f"key {number}": "" for number in range(600)}


@every(
    "values",
    [
        *(
            {name: None}
            for name in ("azp", "nbf", "jti", "email", "locale", f"{CLAIM}context", f"{CLAIM}custom", AGS_CLAIM)
        ),
        *({"jti": value} for value in (7, 1.5, True, [], {}, "")),
        *({"auth_time": value} for value in ("now", [], -1)),
        {"azp": None, "nbf": None, "jti": None},
        {"at_hash": 7, "acr": [], "amr": "x", "sid": None},
        {f"{CLAIM}custom": MANY},
        {"https://vendor.example/claim": MANY},
        {"https://vendor.example/claim": [[1] * 2000, {"a": list(range(2000))}]},
        {f"{CLAIM}roles": ["Learner", *["x"] * 600]},
        {f"{CLAIM}custom": []},
        {f"{CLAIM}tool_platform": 7, f"{CLAIM}lis": [], f"{CLAIM}launch_presentation": "iframe"},
        {"name": "a\x00b", "given_name": ["x"], "email": 7},
    ],
)
def test_core_04_what_is_null_or_not_used_refuses_no_launch(connection, values):
    connection.enter_with(values)


@every("values", [{"exp": None}, {"iat": None}, {"nonce": None}, {"iss": None}, {"aud": None}])
def test_core_04_a_null_in_place_of_what_must_be_there_is_missing(connection, values):
    assert is_refused(connection.launch_with(values), "claim_missing")


def test_sec_25_a_list_of_issuers_is_none(connection):
    assert is_refused(connection.launch_with({"iss": [connection.platform.issuer]}), "issuer_mismatch")


@pytest.mark.parametrize("exp", [10**300, 1e308])
def test_sec_26_a_token_may_say_that_it_never_ends(connection, exp):
    """How old it may be is our decision; ``iat`` says how old it is."""
    assert connection.launch_with({"exp": exp}).status_code == 200


def test_sec_14_a_launch_of_one_tenant_is_none_of_another(connect):
    """Same platform, two client ids: the token of one is posted with the state of the other."""
    first, second = connect(), connect()
    browser = Browser()
    ours = first.launch_form(first.link(WELCOME), browser=browser)
    theirs = second.launch_form(second.link(WELCOME), browser=browser)
    ours.fields["id_token"] = theirs.fields["id_token"]
    assert is_refused(browser.submit(ours), "audience_mismatch")


def test_sec_14_keys_of_one_platform_sign_nothing_for_another_although_their_names_are_the_same(connect, web_server):
    """An evil platform publishes its key under the kid of an honest one, and both are asked."""
    honest, evil_key = connect(), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (kid,) = {key["kid"] for key in honest.platform.public_jwks()["keys"][:1]}
    published = {**RSAAlgorithm.to_jwk(evil_key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
    evil_keys = web_server.says(Said(json.dumps({"keys": [published]}).encode()))
    evil = connect(issuer="https://evil.example", client_id=honest.client_id, key_set_url=evil_keys)
    target = {"login_hint": "x", "target_link_uri": honest.content_url(WELCOME), "client_id": honest.client_id}

    def posted(connection, issuer: str, key) -> requests.Response:
        """Begin a login, and answer it with a token that names everything rightly."""
        browser = Browser()
        url = f"{connection.lms}/lti/1p3/login/"
        begun = browser.post(url, data={"iss": issuer, **target}, allow_redirects=False, timeout=5)
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        genuine = connection.launch_form(honest.link(WELCOME)).fields["id_token"]
        claims = jwt.decode(genuine, options={"verify_signature": False})
        claims.update(iss=issuer, nonce=asked["nonce"][0])
        token = jwt.encode(claims, key, "RS256", headers={"kid": kid})
        form = {"state": asked["state"][0], "id_token": token}
        return browser.post(asked["redirect_uri"][0], data=form, timeout=5)

    assert honest.launch(honest.link(WELCOME)).status_code == 200
    assert posted(evil, "https://evil.example", evil_key).status_code == 200
    get_user_model().objects.all().delete()
    assert is_refused(posted(honest, honest.platform.issuer, evil_key), "signature_invalid")
    assert is_refused(
        posted(evil, "https://evil.example", honest.platform.keys.current.private_key), "signature_invalid"
    )


def test_sec_14_the_token_of_another_issuer_is_refused_in_a_login_of_the_first(connect):
    first = connect()
    second = connect(issuer="https://second.example", client_id=first.client_id)
    browser = Browser()
    form = first.launch_form(first.link(WELCOME), browser=browser)
    claims = jwt.decode(form.fields["id_token"], options={"verify_signature": False})
    key = first.platform.keys.current
    headers = {"kid": key.kid}
    form.fields["id_token"] = jwt.encode(
        {**claims, "iss": second.registration.issuer}, key.private_key, "RS256", headers
    )
    assert is_refused(browser.submit(form), "issuer_mismatch")


def flood(connection, number: int, *, first: int = 0) -> None:
    """Send launches with kids that nobody knows."""
    for guess in range(first, first + number):
        response = connection.tampered_launch(headers=lambda headers, n=guess: {**headers, "kid": f"guess-{n}"})
        assert is_refused(response, "key_unknown")


def test_sec_04_a_flood_of_unknown_kids_asks_the_platform_once(connection):
    before = fetches(connection)
    flood(connection, 6)
    assert fetches(connection) - before == 1
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    assert fetches(connection) - before == 1


def test_sec_04_a_flood_forgets_no_key_although_the_platform_is_down(connection):
    link = connection.link(WELCOME)
    assert connection.launch(link).status_code == 200
    get_user_model().objects.all().delete()
    before = fetches(connection)
    connection.platform.faults.set("status", endpoint="jwks", status=500)
    flood(connection, 6)
    assert connection.launch(link).status_code == 200
    assert fetches(connection) - before == 1


def test_sec_04_a_flood_at_one_moment_asks_once_and_valid_launches_go_on(connection):
    link, browsers = connection.link(WELCOME), [Browser() for _ in range(8)]
    assert connection.launch(link).status_code == 200
    before, forms = fetches(connection), []
    for number, browser in enumerate(browsers):
        if number % 4:  # each fourth is a valid one
            connection.platform.tamper_next_launch(headers=lambda headers, n=number: {**headers, "kid": f"guess-{n}"})
        forms.append(connection.launch_form(link, browser=browser))
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda browser, form: browser.submit(form).status_code, browsers, forms))
    assert ended[::4] == [200, 200]
    assert set(ended) <= {200, 400, 503}  # unknown; or one of too many that ask
    assert fetches(connection) - before == 1


def test_sec_04_a_flood_on_one_registration_does_not_keep_another_from_new_keys(connect):
    flooded, other = connect(), connect()
    flood(flooded, 3)
    assert other.launch(other.link(WELCOME)).status_code == 200
    flooded.platform.keys.rotate()
    assert other.launch(other.link(WELCOME)).status_code == 200


def test_sec_04_after_a_flood_new_keys_are_followed_as_soon_as_the_platform_may_be_asked(connection, monkeypatch):
    flood(connection, 3)
    connection.platform.keys.rotate()
    link, real = connection.link(WELCOME), time.time
    assert is_refused(connection.launch(link), "key_unknown")
    monkeypatch.setattr(time, "time", lambda: real() + 25)
    assert connection.launch(link).status_code == 200


def test_keys_that_rotate_are_followed(connection):
    link = connection.link(WELCOME)
    assert connection.launch(link).status_code == 200
    connection.platform.keys.rotate()
    assert connection.launch(link).status_code == 200


def test_a_key_set_url_that_fails_is_said_and_not_asked_again_at_once(connection):
    connection.platform.faults.set("status", endpoint="jwks", status=500)
    assert connection.launch(connection.link(WELCOME)).status_code == 502
    asked = sum(request.path == "/jwks" for request in connection.platform.requests)
    assert connection.launch(connection.link(WELCOME)).status_code == 502
    assert LaunchAttempt.objects.first().outcome == "key_set_unavailable"
    assert sum(request.path == "/jwks" for request in connection.platform.requests) == asked


def test_known_keys_outlive_a_failing_platform(connection, settings):
    link = connection.link(WELCOME)
    assert connection.launch(link).status_code == 200
    connection.platform.faults.set("status", endpoint="jwks", status=500)
    response = connection.tampered_launch(headers=lambda headers: {**headers, "kid": "unknown"})
    assert response.status_code == 400
    assert connection.launch(link).status_code == 200


def test_a_warm_launch_fetches_nothing(connection):
    link = connection.link(WELCOME)
    connection.launch(link)
    before = sum(request.path == "/jwks" for request in connection.platform.requests)
    connection.launch(link)
    assert sum(request.path == "/jwks" for request in connection.platform.requests) == before


def all_at_once(connection, number: int) -> list[int]:
    """Launch in as many browsers at the same moment; return how each ended."""
    link = connection.link(WELCOME)
    browsers = [Browser() for _ in range(number)]
    ready = [connection.launch_form(link, browser=browser) for browser in browsers]
    with ThreadPoolExecutor(number) as pool:
        posted = pool.map(lambda browser, form: browser.submit(form).status_code, browsers, ready)
        return list(posted)


def test_launches_that_need_a_new_key_at_the_same_moment_fetch_it_once(connection, settings):
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 6
    connection.platform.faults.set("slow", endpoint="jwks", seconds=0.25)
    before = fetches(connection)
    assert all_at_once(connection, 6) == [200] * 6
    connection.platform.keys.rotate()
    assert all_at_once(connection, 6) == [200] * 6
    assert fetches(connection) - before == 2


def test_when_a_class_begins_after_the_key_changed_all_are_let_in(connection):
    assert all_at_once(connection, 4) == [200] * 4
    connection.platform.keys.rotate()
    assert all_at_once(connection, 4) == [200] * 4


def test_threads_that_need_a_new_key_wait_for_a_moment_for_their_turn(connection):
    """The platform answers within it, however many there are."""
    connection.platform.keys.rotate()
    kid, before = connection.platform.public_jwks()["keys"][-1]["kid"], fetches(connection)

    def look(_: int) -> int:
        try:
            return len(key_sets.keys_for(connection.registration, kid, moment=10.0))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(look, range(12))) == [1] * 12
    assert fetches(connection) - before == 1


def test_launches_that_wait_for_a_platform_that_is_down_are_all_told(connection, settings):
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 4
    connection.platform.faults.set("slow", endpoint="jwks", seconds=0.25)
    connection.platform.faults.set("status", endpoint="jwks", status=500)
    before = fetches(connection)
    assert all_at_once(connection, 4) == [502] * 4
    assert fetches(connection) - before == 1


def test_sec_06_a_platform_that_hangs_takes_a_small_share_of_the_threads(connect):
    """Over all registrations; and who has a key that is known notices nothing."""
    hanging, other, warm = connect(), connect(), connect()
    known = warm.link(WELCOME)
    assert warm.launch(known).status_code == 200
    hanging.platform.faults.set("slow", endpoint="jwks", seconds=3)
    hanging.platform.faults.set("status", endpoint="jwks", status=500)
    before = fetches(hanging)
    with ThreadPoolExecutor(17) as pool:
        links = [one.link(WELCOME) for one in (hanging, other) for _ in range(8)]
        under_way = [
            pool.submit(one.launch, link) for one, link in zip([hanging] * 8 + [other] * 8, links, strict=True)
        ]
        list(islice(as_completed(under_way), 14))  # all who may not wait
        assert pool.submit(warm.launch, known).result().status_code == 200
        assert [one.done() for one in under_way].count(False) == 2
        ended = [one.result().status_code for one in under_way]
    assert sorted(ended) == [502] * 2 + [503] * 14
    assert fetches(hanging) - before <= 2
    begun = time.monotonic()
    hanging.launch(links[ended.index(502)])
    assert time.monotonic() - begun < 2  # and then the platform is left alone for a while


def test_sec_06_whoever_may_not_wait_is_told_when_to_come_back(connection, settings):
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 0
    response = connection.launch(connection.link(WELCOME))
    assert LaunchAttempt.objects.first().outcome == "key_set_busy"
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_an_inline_key_set_needs_no_url(connect, platform):
    connection = connect(key_set_url="", key_set=json.loads(json.dumps(platform.public_jwks())))
    assert connection.launch(connection.link(WELCOME)).status_code == 200


@pytest.mark.parametrize("stranger_first", [True, False])
def test_core_04_of_two_keys_under_one_kid_the_one_that_signed_lets_in(connect, platform, stranger_first):
    stranger = RSAAlgorithm.to_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), True)
    genuine = platform.public_jwks()["keys"]
    both = [{**stranger, "kid": genuine[0]["kid"]}, *genuine]
    connection = connect(key_set_url="", key_set={"keys": both if stranger_first else both[::-1]})
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert connection.tampered_launch(key=other).status_code == 400
    assert LaunchAttempt.objects.first().outcome == "signature_invalid"


def test_a_key_set_that_moved_on_its_host_is_followed_once(connect, platform, web_server):
    body = json.dumps(platform.public_jwks()).encode()
    url = web_server.says_in_turn(Said(b"", 301, {"Location": "/jwks/"}), Said(body))
    connection = connect(key_set_url=url)
    assert connection.launch(connection.link(WELCOME)).status_code == 200
    assert [asked.path for asked in web_server.asked] == ["/0", "/jwks/"]


def test_a_key_set_without_alg_and_use_is_taken(connect, platform):
    """Open edX publishes such key sets."""
    bare = [{name: key[name] for name in ("kty", "kid", "n", "e")} for key in platform.public_jwks()["keys"]]
    connection = connect(key_set_url="", key_set={"keys": bare})
    assert connection.launch(connection.link(WELCOME)).status_code == 200


def test_sec_24_no_token_and_no_email_in_records_pages_and_logs(connection, caplog):
    caplog.set_level(0)
    browser = Browser()
    form = connection.launch_form(connection.link(WELCOME), browser=browser)
    token = form.fields["id_token"]
    form.fields["id_token"] = token[:-8] + "AAAAAAAA"
    page = browser.submit(form)
    attempt = LaunchAttempt.objects.get()
    said = f"{page.text} {attempt.detail} {attempt.target} {caplog.text}"
    for secret in (token[:40], token.split(".")[1][:40], "ada.park", "Ada Park"):
        assert secret not in said


@every("values", [{"nonce": "\ud800"}, {"nonce": "é"}, {AGS_CLAIM: {"scope": ["\x00"]}}, {f"{CLAIM}roles": ["\ud800"]}])
def test_sec_25_characters_that_no_database_stores(connection, values):
    assert is_refused(connection.launch_with(values), "nonce_mismatch", "claim_invalid")


def test_sec_06_a_key_set_that_is_cut_off_is_a_refusal(connection):
    connection.platform.faults.set("lost_answer", endpoint="jwks")
    assert connection.launch(connection.link(WELCOME)).status_code == 502
    assert LaunchAttempt.objects.first().outcome == "key_set_unavailable"
