"""Addresses are tried while they are entered: what answers is judged in a sentence, and nothing else of it is told."""

from __future__ import annotations

import json

import pytest
from django.core.cache import cache

from demo.stack import free_port
from lti_1p3_provider.diagnostics.verdict import Verdict
from lti_1p3_provider.onboarding import tries
from lti_1p3_provider.onboarding.tries import Tried
from lti_1p3_provider.registrations.models import Registration
from tests.cases import every
from tests.web_server import Said

SECRET = b"the diary of an inner service"
N = "u" * 342
KEY = {"kty": "RSA", "n": N, "e": "AQAB", "use": "sig", "alg": "RS256"}


def keys(*kids: str) -> bytes:
    return json.dumps({"keys": [{**KEY, "kid": kid} for kid in kids]}).encode()


@every(
    "said, verdict, words",
    [
        (Said(keys("a")), Verdict.GOOD, "This key set answers: 1 key."),
        (Said(keys("a", "b")), Verdict.GOOD, "This key set answers: 2 keys."),
        (Said(b'{"keys": []}'), Verdict.WRONG, "(200), but there is no key set"),
        (Said(SECRET), Verdict.WRONG, "(200), but there is no key set"),
        (Said(b"[" * 100_000), Verdict.WRONG, "(200), but there is no key set"),
        (Said(keys("a"), 404), Verdict.WRONG, "(404), but there is no key set"),
        (Said(SECRET, 503), Verdict.NOTICE, "a problem of its own (503)"),
        (Said(b"", 302, {"Location": "https://elsewhere.example/"}), Verdict.WRONG, "leads to another address (302)"),
        (Said(b"x" * 2_000_000), Verdict.WRONG, "cannot be read"),
        (Said(SECRET, 200, {"Content-Encoding": "br"}), Verdict.WRONG, "(200), but there is no key set"),
    ],
)
def test_a_key_set_is_judged_and_nothing_of_it_shown(web_server, said, verdict, words):
    tried = tries.key_set(web_server.says(said))
    assert tried.verdict is verdict
    assert words in tried.says
    assert "diary" not in tried.says


@every(
    "said, verdict",
    [
        (Said(b'{"error": "invalid_request"}', 400), Verdict.GOOD),
        (Said(SECRET, 401), Verdict.GOOD),
        (Said(b"", 422), Verdict.GOOD),
        (Said(SECRET, 200), Verdict.WRONG),
        (Said(b"", 404), Verdict.WRONG),
        (Said(b"", 405), Verdict.WRONG),
        (Said(b"", 308, {"Location": "/token/"}), Verdict.WRONG),
        (Said(b"", 502), Verdict.NOTICE),
    ],
)
def test_a_token_address_refuses_who_does_not_say_who_they_are(web_server, said, verdict):
    before = len(web_server.asked)
    tried = tries.token_address(web_server.says(said))
    assert tried.verdict is verdict
    assert "diary" not in tried.says
    (asked,) = web_server.asked[before:]
    assert (asked.method, asked.body) == ("POST", b"grant_type=client_credentials")


@pytest.mark.parametrize("call", [tries.key_set, tries.token_address])
def test_addresses_inside_get_one_sentence_whatever_is_there(settings, web_server, call):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    inside = [
        web_server.says(Said(keys("a"))).replace("http:", "https:"),
        f"https://127.0.0.1:{free_port()}/",
        "https://localhost/jwks",
        "https://10.0.0.7/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://168.63.129.16/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
    ]
    assert {call(address) for address in inside} == {Tried(Verdict.WRONG, tries.FORBIDDEN)}
    assert web_server.asked == []


def test_where_a_cloud_keeps_its_secrets_is_not_called_even_if_it_is_named(settings):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = ["169.254.169.254"]
    assert tries.key_set("http://169.254.169.254/latest") == Tried(Verdict.WRONG, tries.FORBIDDEN)


@every("address", ["http://p.example/", "ftp://p.example/", "https://a:b@p.example/", "x", "https://"])
def test_what_is_no_address_of_a_platform_is_not_called(address):
    assert tries.key_set(address).verdict is Verdict.WRONG
    assert tries.key_set("https://p.example/" + "x" * 2000).says == "This address is too long."


def test_nothing_answers():
    assert "Nothing answers there in time" in tries.key_set(f"http://127.0.0.1:{free_port()}/").says


@pytest.mark.django_db  # the cache is a table
def test_calls_are_counted_by_admin_and_minute():
    cache.clear()
    minute = 1_900_000_020.0
    assert [tries.may_try(1, 2, lambda: minute) for _ in range(3)] == [True, True, False]
    assert tries.may_try(2, 2, lambda: minute)
    assert tries.may_try(1, 2, lambda: minute + 60)


@pytest.mark.django_db
def test_who_is_registered_already():
    one = Registration.objects.create(title="One", issuer="https://p.example", client_id="a")
    Registration.objects.create(title="Case", issuer="https://P.example", client_id="a")
    assert tries.identity("https://p.example", "a") == Tried(
        Verdict.WRONG, "This issuer and client ID are registered already:", (one,)
    )
    notice = tries.identity("https://p.example", "b")
    assert notice is not None
    assert (notice.verdict, notice.rows) == (Verdict.NOTICE, (one,))
    assert tries.identity("https://p.example", "a", one.pk) is None
    assert tries.identity("https://q.example", "a") is None
    assert tries.identity("", "") is None
    assert tries.identity("\x00", "a") is None


@pytest.mark.django_db
def test_among_many_registrations_of_an_issuer_the_same_one_is_found():
    rows = [
        Registration.objects.create(title=f"{n:03}", issuer="https://canvas.example", client_id=str(n))
        for n in range(60)
    ]
    same = tries.identity("https://canvas.example", "59")
    assert same is not None
    assert same.rows == (rows[59],)
    others = tries.identity("https://canvas.example", "new")
    assert others is not None
    assert len(others.rows) == tries.MAX_NAMED
