"""MIG-01: the claim of LTI 1.1, as strangers write it, and its signature."""

from __future__ import annotations

from lti_1p3_provider.lti.lti1p1 import CLAIM, Lti1p1, is_signed, read, signature
from tests.cases import every

# The example of LTI 1.3 Core, 6.1.1.
SAID = Lti1p1(
    consumer_key="179248902",
    signature="lWd54kFo5qU7xshAna6v8BwoBm6tmUjc6GTax6+12ps=",
    expires="1551290856",
    nonce="172we8671fd8z",
)
DEPLOYMENT, ISSUER, CLIENT = "689302", "https://lmsvendor.com", "PM48OJSfGDTAzAo"
SECRET = "my-lti11-secret"
CLAIMS = {"exp": 1551290856, "nonce": "172we8671fd8z"}


def test_mig_01_the_specifications_example():
    assert signature(SECRET, SAID, DEPLOYMENT, ISSUER, CLIENT) == SAID.signature
    assert is_signed((SECRET,), SAID, DEPLOYMENT, ISSUER, CLIENT)


def test_mig_01_every_secret_of_the_key_is_tried():
    assert is_signed(("older", SECRET), SAID, DEPLOYMENT, ISSUER, CLIENT)
    assert is_signed((SECRET, "newer"), SAID, DEPLOYMENT, ISSUER, CLIENT)
    assert not is_signed((), SAID, DEPLOYMENT, ISSUER, CLIENT)
    assert not is_signed(("older", "newer"), SAID, DEPLOYMENT, ISSUER, CLIENT)


def test_mig_01_an_empty_secret_signs_nothing():
    made = signature("", SAID, DEPLOYMENT, ISSUER, CLIENT)
    assert not is_signed(
        ("",), Lti1p1(SAID.consumer_key, made, "", SAID.expires, SAID.nonce), DEPLOYMENT, ISSUER, CLIENT
    )


@every("place", range(3))
def test_mig_01_the_signature_holds_deployment_issuer_and_client(place):
    named = [DEPLOYMENT, ISSUER, CLIENT]
    named[place] += "x"
    assert not is_signed((SECRET,), SAID, *named)


@every("given", ["", "x", "ü", SAID.signature.lower(), SAID.signature + " ", SAID.signature[:-1]])
def test_mig_01_other_signatures(given):
    said = Lti1p1(SAID.consumer_key, given, "", SAID.expires, SAID.nonce)
    assert not is_signed((SECRET,), said, DEPLOYMENT, ISSUER, CLIENT)


@every("value", [None, {}, [], "", "text", 7, True, [{}]])
def test_a_claim_that_says_nothing_is_none(value):
    assert read({CLAIM: value, **CLAIMS}) is None


def test_no_claim():
    assert read(CLAIMS) is None


@every("value", [True, [], {}, "", "x" * 256, "a\0b", "\ud800", 0.5, float("inf"), 10**300])
def test_an_id_that_cannot_be_read_is_not_one_that_was_left_out(value):
    assert read({CLAIM: {"user_id": value, "oauth_consumer_key": "k"}, **CLAIMS}) is None


@every("value, means", [(34, "34"), (34.0, "34"), ("34", "34"), (None, ""), (" 34", " 34")])
def test_numbers_are_ids_too(value, means):
    said = read({CLAIM: {"user_id": value, "oauth_consumer_key": 12}, **CLAIMS})
    assert said == Lti1p1("12", "", means, "1551290856", "172we8671fd8z")


@every("value", [[], {}, True, "a\0", "x" * 300])
def test_what_else_cannot_be_read_is_as_if_it_were_not_there(value):
    said = read({CLAIM: {"oauth_consumer_key": value, "oauth_consumer_key_sign": value, "user_id": "1"}, **CLAIMS})
    assert said is not None
    assert (said.consumer_key, said.signature, said.user_id) == ("", "", "1")
