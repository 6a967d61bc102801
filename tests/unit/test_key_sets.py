"""Which keys of a platform's key set are used, and when the platform is asked for them (CORE-04, SEC-04, SEC-25)."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache

from lti_1p3_provider.errors import KeySetBusy, KeySetUnavailable, KeyUnknown
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import key_sets, store, waiting
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.lti.key_sets import FETCH_TIMEOUT, SHORT_PATIENCE, _learned, _max_age, _patience
from lti_1p3_provider.lti.public_keys import usable
from lti_1p3_provider.registrations.models import Registration
from tests.cases import every
from tests.later import Clock
from tests.web_server import Said


def as_text(number: int) -> str:
    return urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")


def jwk(bits: int = 2048, **changes: Any) -> dict[str, Any]:
    """Return a public key as a platform publishes it; only its length matters."""
    modulus = as_text((1 << (bits - 1)) + 1)
    key = {"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig", "n": modulus, "e": as_text(65537), **changes}
    return {name: value for name, value in key.items() if value is not None}


def key(*keys: Any, kid: str = "k") -> Any:
    """Look a key up in a key set that an operator entered."""
    return key_sets.keys_for(Registration(key_set={"keys": list(keys)}), kid)[0]


# --- which keys -------------------------------------------------------------------------------------------------------


@every("changes", [{}, {"alg": None}, {"use": None}, {"alg": None, "use": None}, {"x5c": ["y"]}])
def test_core_04_rsa_keys_for_signatures_are_used(changes):
    assert key(jwk(**changes)).public_numbers() == rsa.RSAPublicNumbers(65537, (1 << 2047) + 1)


@every(
    "changes",
    [
        {"kty": "EC"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": None},
        {"kid": None},
        {"alg": "RS512"},
        {"alg": "none"},
        {"use": "enc"},
    ],
)
def test_sec_01_other_keys_are_not(changes):
    with pytest.raises(KeyUnknown, match="is not in the platform's key set"):
        key(jwk(**changes))


@every("stranger", [None, "k", 7, [], {}, {"kid": "k"}, jwk(kid=7), jwk(kid=["k"])])
def test_sec_25_what_else_is_in_a_key_set_does_no_harm(stranger):
    assert key(stranger, jwk(), stranger).key_size == 2048


@every("key_set", [None, [], {}, {"keys": None}, {"keys": {}}, {"keys": "k"}, "k"])
def test_sec_25_what_is_no_key_set_has_no_keys(key_set):
    with pytest.raises(KeyUnknown):
        key_sets.keys_for(Registration(key_set=key_set), "k")


def test_sec_25_a_thousand_keys_are_looked_at():
    others = [jwk(kid=f"other-{number}") for number in range(999)]
    assert key(*others, jwk())
    assert key(*[jwk(kid=f"bad-{number}", kty="EC") for number in range(999)], *others, jwk())
    with pytest.raises(KeyUnknown):
        key(jwk(kid="one more"), *others, jwk())


def other_jwk(**changes: Any) -> dict[str, Any]:
    return jwk(2049, **changes)


GOOD = rsa.RSAPublicNumbers(65537, (1 << 2047) + 1)
BAD = (
    {"n": None},
    {"n": 7},
    {"n": ""},
    {"n": "AQAB"},
    {"e": None},
    {"e": "!"},
    {"e": "AA"},
    {"n": as_text((1 << 1023) + 1)},
)


@every("changes", BAD)
def test_core_04_a_key_that_cannot_be_used_hides_none_that_can(changes):
    bad = jwk(**changes)
    for keys in ((bad, jwk()), (jwk(), bad), (*[bad] * 9, jwk(), bad), (bad, jwk(kid="other"), jwk())):
        (found,) = keys_of(*keys)
        assert found.public_numbers() == GOOD


def keys_of(*keys: Any) -> Any:
    return key_sets.keys_for(Registration(key_set={"keys": list(keys)}), "k")


def test_core_04_several_keys_of_one_kid_are_all_found_up_to_a_few():
    assert [found.key_size for found in keys_of(jwk(), other_jwk())] == [2048, 2049]
    assert [found.key_size for found in keys_of(other_jwk(), jwk(), jwk(kid="x"))] == [2049, 2048]
    assert [found.key_size for found in keys_of(jwk(), jwk())] == [2048]
    assert [found.key_size for found in keys_of(*(jwk(2048 + more) for more in range(9)))] == [2048, 2049, 2050, 2051]


@every(
    "changes",
    [
        {"alg": None, "key_ops": []},
        {"use": None, "key_ops": None, "x5c": []},
        {"alg": "", "use": ""},
        {"use": "", "key_ops": ["verify"]},
        {"alg": [], "use": {}},
    ],
)
def test_core_04_what_is_null_or_empty_in_a_key_is_absent(changes):
    assert key({**jwk(), **changes}).public_numbers() == GOOD


@every(
    "changes",
    [
        {"use": "sig "},
        {"use": "SIG", "alg": "rs256"},
        {"kty": "rsa", "alg": " RS256\n"},
        {"e": "AQAB\r\n"},
        {"e": "AQ AB=="},
        {"n": f" {as_text((1 << 2047) + 1)[:76]}\r\n{as_text((1 << 2047) + 1)[76:]}=="},
    ],
)
def test_core_04_how_a_key_is_written_does_not_hide_it(changes):
    assert key(jwk(**changes)).public_numbers() == GOOD


@every("key_set", [[jwk()], {"keys": {"0": jwk()}}, {"keys": {"1": jwk(kty="EC"), "3": jwk()}}])
def test_core_04_a_list_of_keys_is_one_however_it_is_written(key_set):
    """PHP writes a list with holes, as where old keys were taken away, as an object."""
    assert key_sets.keys_for(Registration(key_set=key_set), "k")[0].public_numbers() == GOOD


@every(
    "body",
    [
        json.dumps({"keys": [jwk()], "school": "\xe9cole"}, ensure_ascii=False).encode("latin-1"),
        json.dumps({"keys": [jwk()]}).encode()[:-1] + b', "serial": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf" + json.dumps({"keys": [jwk()], "note": "a\nb"}).replace("\\n", "\n").encode(),
    ],
)
def test_core_04_what_else_is_in_an_answer_hides_no_key(body):
    assert list(usable(Answer(200, {}, body).json())) == ["k"]


def test_core_04_keys_that_are_kept_are_read_again(asking):
    """Also several of one kid, over the cache that all processes share."""
    genuine = asking.connection.platform.public_jwks()["keys"]
    store.put(asking.name, _entry({"keys": [{**jwk(), "kid": asking.kid}, *genuine]}), 60)
    assert len(key_sets.keys_for(asking.registration, asking.kid)) == 2
    asking.in_another_process()
    assert len(key_sets.keys_for(asking.registration, asking.kid)) == 2


def _entry(key_set: object) -> key_sets.Entry:
    later = time.time() + 60
    return key_sets.Entry(keys=usable(key_set), fresh_until=later, quiet_until=0.0, forget_at=later, failure="")


@every("bits, taken", [(2047, False), (2048, True), (16384, True), (16385, False)])
def test_core_13_sizes_of_keys(bits, taken):
    if taken:
        assert key(jwk(bits)).key_size == bits
    else:
        with pytest.raises(KeyUnknown, match="2048 to 16384 bits"):
            key(jwk(bits))


@every("changes", [{"n": None}, {"e": None}, {"n": 7}, {"n": "é"}, {"n": ""}, {"e": ""}])
def test_sec_25_a_key_that_cannot_be_read(changes):
    with pytest.raises(KeyUnknown):
        key(jwk(**changes))


def test_sec_24_a_long_kid_is_not_repeated_in_full():
    with pytest.raises(KeyUnknown) as caught:
        key(jwk(), kid="x" * 1000)
    assert caught.value.detail == f"kid '{'x' * 64}' is not in the platform's key set"


# --- when the platform is asked ---------------------------------------------------------------------------------------


@every(
    "header, seconds",
    [
        ("", 900),
        ("no-store", 900),
        ("max-age=120", 120),
        ("public, max-age=120, must-revalidate", 120),
        ("max-age=59", 60),
        ("max-age=0", 60),
        ("max-age=3601", 3600),
        ("max-age=999999999", 3600),
        ("max-age=9999999999", 900),
        ("max-age=soon", 900),
        ("s-maxage=120", 900),
    ],
)
def test_keys_are_fresh_for_as_long_as_the_platform_says_within_limits(header, seconds):
    assert _max_age(header) == seconds


class Asking:
    """A registration whose keys are looked up; time passes by making what is kept older. ``moment``: for how many
    seconds somebody waits for a place to ask."""

    moment = waiting.MOMENT

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.registration = connection.registration
        self.kid = connection.platform.public_jwks()["keys"][0]["kid"]
        self.name = f"lti1p3:jwks:{self.registration.pk}:{digest(self.registration.key_set_url)[:16]}"

    @property
    def fetches(self) -> int:
        return sum(request.path == "/jwks" for request in self.connection.platform.requests)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        entry = store.get(self.name)
        times = {name: value - seconds for name, value in entry.items() if isinstance(value, float)}
        store.put(self.name, {**entry, **times}, 3600)
        self.in_another_process()

    def in_another_process(self) -> None:
        """Go on where nothing was read."""
        key_sets._recent.clear()

    def fetched(self, kid: str | None = None) -> int:
        """Look a key up; return how many requests that took."""
        before = self.fetches
        key_sets.keys_for(self.registration, kid or self.kid, self.moment)
        return self.fetches - before

    def refused(self, kid: str, error: type[Exception] = KeyUnknown) -> int:
        """Look a key up in vain; return how many requests that took."""
        before = self.fetches
        with pytest.raises(error):
            key_sets.keys_for(self.registration, kid, self.moment)
        return self.fetches - before

    def break_down(self) -> None:
        self.connection.platform.faults.set("status", endpoint="jwks", status=500)


@pytest.fixture
def asking(connection) -> Asking:
    return Asking(connection)


@pytest.fixture
def no_wait(monkeypatch) -> None:
    """Whoever waits for another process is told at once that it took too long."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.now)
    monkeypatch.setattr(time, "sleep", clock.sleep)


def test_sec_04_known_keys_are_asked_for_again_when_they_are_no_longer_fresh(asking):
    assert [asking.fetched(), asking.fetched()] == [1, 0]
    asking.later(290)
    assert asking.fetched() == 0
    asking.later(20)
    assert [asking.fetched(), asking.fetched()] == [1, 0]


def test_sec_04_an_unknown_kid_is_looked_up_once_and_then_not_for_a_while(asking):
    asking.fetched()
    assert [asking.refused("x"), asking.refused("x"), asking.refused("y")] == [1, 0, 0]
    asking.later(18)
    assert asking.refused("y") == 0
    asking.later(4)
    assert [asking.refused("y"), asking.refused("x")] == [1, 0]
    assert asking.fetched() == 0


def test_sec_04_an_unknown_kid_at_first_sight_is_not_looked_up_again(asking):
    assert [asking.refused("x"), asking.refused("x"), asking.fetched()] == [1, 0, 0]


def test_sec_04_keys_outlive_their_platforms_last_answer_by_a_day(asking):
    asking.fetched()
    asking.break_down()
    asking.later(1000)
    assert [asking.fetched(), asking.fetched()] == [1, 0]
    asking.later(18)
    assert asking.fetched() == 0
    asking.later(4)
    assert [asking.fetched(), asking.fetched()] == [1, 0]
    asking.later(24 * 3600 - 1000 - 18 - 4 - 60)
    assert [asking.fetched(), asking.fetched()] == [1, 0]
    asking.later(120)
    assert asking.refused(asking.kid, KeySetUnavailable) == 1
    asking.connection.platform.faults.clear()
    asking.later(21)
    assert asking.fetched() == 1


def test_a_platform_that_was_never_reached_is_asked_again_after_a_while(asking):
    asking.break_down()
    assert [asking.refused(asking.kid, KeySetUnavailable) for _ in range(2)] == [1, 0]
    asking.later(18)
    assert asking.refused(asking.kid, KeySetUnavailable) == 0
    asking.connection.platform.faults.clear()
    asking.later(4)
    assert [asking.fetched(), asking.fetched()] == [1, 0]


def test_the_platform_is_asked_for_json_and_need_not_say_how_long_its_keys_are_fresh(lms, connect, web_server):
    connection = connect(key_set_url=web_server.says(Said(json.dumps({"keys": [jwk()]}).encode())))
    assert key_sets.keys_for(connection.registration, "k")[0].key_size == 2048
    (asked,) = web_server.asked
    assert (asked.method, asked.headers["Accept"]) == ("GET", "application/json")


def test_a_key_set_without_a_usable_key_is_as_good_as_none(lms, connect, web_server):
    connection = connect(key_set_url=web_server.says(Said(json.dumps({"keys": [jwk(kty="EC")]}).encode())))
    with pytest.raises(KeySetUnavailable, match="shows no RSA key with a kid"):
        key_sets.keys_for(connection.registration, "k")


def test_what_went_wrong_is_said_to_all_who_ask_meanwhile(asking):
    asking.break_down()
    for _ in range(2):
        with pytest.raises(KeySetUnavailable, match="key_set_unavailable: the key set URL answered 500"):
            key_sets.keys_for(asking.registration, asking.kid)


def test_keys_of_another_address_are_not_taken_for_this_ones(asking):
    asking.fetched()
    asking.registration.key_set_url += "?tenant=2"
    assert asking.fetched() == 1


def test_sec_04_while_another_process_asks_known_keys_are_good_and_others_wait_for_what_it_learns(asking):
    asking.fetched()
    asking.later(1000)
    assert store.add(f"{asking.name}:asked", 60)
    assert asking.fetched() == 0
    cache.delete(f"{asking.name}:asked")
    assert asking.fetched() == 1


def test_a_known_key_that_is_fresh_takes_one_look_at_the_cache_and_for_a_moment_none(
    asked_of_cache, asking, monkeypatch
):
    asking.fetched()
    asking.in_another_process()

    def looked() -> list[str]:
        asked_of_cache.clear()
        assert asking.fetched() == 0
        return list(asked_of_cache)

    assert [looked(), looked()] == [["get"], []]
    real = time.monotonic
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: real() + key_sets.MOMENT - 1)
        assert looked() == []
        patch.setattr(time, "monotonic", lambda: real() + key_sets.MOMENT)
        assert [looked(), looked()] == [["get"], []]


def test_sec_04_who_read_a_moment_ago_waits_for_a_new_key_like_everybody(asking, no_wait):
    asking.fetched()
    asking.in_another_process()
    asking.fetched()
    asking.later(1)
    known = store.get(asking.name)
    key_sets._recent[asking.name] = time.monotonic(), {**known, "quiet_until": 0.0}  # what others replaced meanwhile
    assert store.add(f"{asking.name}:asked", 60)
    for _ in range(8):
        _patience(asking.name)
    assert asking.refused("a new one", KeySetUnavailable) == 0


def test_what_was_learned_anew_is_remembered_instead_of_what_was_old(asked_of_cache, asking):
    asking.fetched()
    asking.later(1000)
    assert asking.fetched() == 1
    asked_of_cache.clear()
    assert asking.fetched() == 0
    assert asked_of_cache == []


def test_sec_04_what_was_read_a_moment_ago_is_not_fresh_for_longer(asking):
    asking.fetched()
    asking.later(299)
    assert asking.fetched() == 0
    real = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: real() + 2)
        assert asking.fetched() == 1


def test_a_process_remembers_several_registrations(asking):
    for url in [asking.registration.key_set_url, f"{asking.registration.key_set_url}?2"] * 2:
        asking.registration.key_set_url = url
        asking.fetched()
    assert len(key_sets._recent) == 2


def test_sec_25_a_process_remembers_only_so_many_registrations(asking):
    asking.fetched()
    read = key_sets._recent[asking.name]
    key_sets._recent.update({f"other-{number}": read for number in range(key_sets.MAX_RECENT - 2)})
    for tenant in range(5):
        asking.registration.key_set_url += f"?{tenant}"
        asking.fetched()
        asking.fetched()
        assert len(key_sets._recent) <= key_sets.MAX_RECENT
    assert len(key_sets._recent) < 5 + 2


def test_sec_06_only_a_few_wait_for_as_long_as_a_fetch_may_take(lms):
    waits = [_patience("one") for _ in range(10)]
    assert waits == [FETCH_TIMEOUT] * 8 + [SHORT_PATIENCE] * 2
    assert _patience("another") == FETCH_TIMEOUT


def test_sec_06_who_waits_in_vain_for_what_another_process_learns_gives_up(asking, no_wait):
    for _ in range(8):
        _patience(asking.name)
    assert store.add(f"{asking.name}:asked", 60)
    with pytest.raises(KeySetUnavailable, match="another process is asking the platform and has no answer yet"):
        key_sets.keys_for(asking.registration, asking.kid)


def test_sec_06_an_answer_lets_others_wait_for_long_again(asking):
    for _ in range(9):
        _patience(asking.name)
    asking.fetched()
    assert _patience(asking.name) == FETCH_TIMEOUT


def test_sec_06_a_key_that_is_known_and_old_is_good_where_no_thread_may_wait(asking, settings):
    asking.fetched()
    asking.moment = 0.1
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 0
    asking.later(1000)
    assert asking.fetched() == 0
    assert asking.refused("x", KeySetBusy) == 0
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 1
    assert [asking.fetched(), asking.refused("x")] == [1, 1]


def test_sec_06_a_place_is_given_back_whatever_comes(settings):
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 1
    for _ in range(3):
        with suppress(ZeroDivisionError), waiting.place() as is_free:
            assert is_free
            raise ZeroDivisionError


def test_sec_06_who_finds_no_place_waits_for_a_moment_and_behind_those_that_wait_long_not_at_all(settings):
    settings.LTI_1P3_PROVIDER_KEY_SET_WAITERS = 1
    with waiting.place():
        for shortest, longest in ((0.2, 0.8), (0.0, 0.1)):
            begun = time.monotonic()
            with waiting.place(moment=0.3) as is_free:
                assert not is_free
            assert shortest <= time.monotonic() - begun < longest


def test_what_somebody_learnt_before_our_turn_is_not_asked_for_again(asking):
    asking.fetched()
    before = asking.fetches
    assert asking.kid in _learned(asking.registration, asking.name, None, asking.kid)["keys"]
    assert asking.fetches == before


def test_sec_04_after_a_rotation_that_was_followed_an_unknown_kid_must_wait(asking):
    asking.fetched()
    asking.connection.platform.keys.rotate()
    new = asking.connection.platform.keys.current.kid
    assert [asking.fetched(new), asking.refused("x")] == [1, 0]


def test_sec_04_after_keys_were_only_refreshed_an_unknown_kid_is_looked_up(asking):
    asking.fetched()
    asking.later(310)
    assert [asking.fetched(), asking.refused("x")] == [1, 1]
