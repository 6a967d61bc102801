"""Moodle's proof of a tool's key of LTI 1.1, as it is read and verified."""

from __future__ import annotations

import hashlib

from lti_1p3_provider.lti.dynamic_registration import TOOL
from lti_1p3_provider.lti.proved_key import ProvedKey, is_proved, read, signature
from tests.cases import every

KEY, SECRET, NONCE = "testkey", "testp@ssw0rd", "aB3dE6gH9jK2"
SIGN = hashlib.sha256(b"testkeytestp@ssw0rdaB3dE6gH9jK2").hexdigest()
SAID = ProvedKey(KEY, NONCE, SIGN)


def registration(**changes):
    said = {"key": KEY, "nonce": NONCE, "sign": SIGN, **changes}
    return {TOOL: {"version": "LTI-1p0", "oauth_consumer": said}}


def test_the_hash_holds_key_secret_and_nonce():
    assert signature(SECRET, KEY, NONCE) == SIGN
    assert is_proved((SECRET,), SAID)
    assert read(registration()) == SAID


def test_every_secret_of_the_key_is_tried():
    assert is_proved(("older", SECRET), SAID)
    assert is_proved((SECRET, "newer"), SAID)
    assert not is_proved((), SAID)
    assert not is_proved(("older", "newer"), SAID)


def test_an_empty_secret_proves_nothing():
    assert not is_proved(("",), ProvedKey(KEY, NONCE, signature("", KEY, NONCE)))


@every("changed", [("other", NONCE, SIGN), (KEY, "aB3dE6gH9jK3", SIGN), (KEY, NONCE, SIGN[::-1])])
def test_a_hash_of_something_else_proves_nothing(changed):
    assert not is_proved((SECRET,), ProvedKey(*changed))


@every("name", ["key", "nonce", "sign"])
@every("value", [None, "", 7, True, [], {}, ["x"], "a\0b", "\ud800", "x" * 300])
def test_what_cannot_be_read_is_no_proof(name, value):
    assert read(registration(**{name: value})) is None


@every("nonce", ["short", "aB3dE6gH\x80", "aB3dE6gH9jK2\n", "aB3dE6gH9jKé", "a" * 65, "aB3d 6gH9jK2"])
def test_a_nonce_is_made_of_letters_and_digits(nonce):
    """Else somebody who saw a hash could make another one of it, without the secret, by lengthening what it is of."""
    assert read(registration(nonce=nonce)) is None


@every("sign", [SIGN.upper(), SIGN[:-1], f"{SIGN}0", f" {SIGN}", SIGN[:-1] + "g"])
def test_a_hash_is_written_as_it_is_written_there(sign):
    assert read(registration(sign=sign)) is None


@every("values", [{}, {TOOL: None}, {TOOL: []}, {TOOL: {}}, {TOOL: {"oauth_consumer": "x"}}])
def test_a_registration_without_a_proof(values):
    assert read(values) is None
