"""What we post to a platform that registers us, and what is made of any answer."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from dataclasses import replace

import pytest

from lti_1p3_provider.errors import AddressForbidden, PlatformNotInvited, RegistrationAnswerLost, RegistrationNotTaken
from lti_1p3_provider.lti import platform_configuration
from lti_1p3_provider.lti.dynamic_registration import TOOL, ToolDetails, ask, metadata
from lti_1p3_provider.onboarding.whose import require_invited
from lti_1p3_provider.platforms import PRESETS, of_family
from tests.cases import every
from tests.inviting import CAPTURE
from tests.raw_server import RawServer

ASKED = {"client_name": "T"}
TOOL_DETAILS = ToolDetails(
    name="T",
    description="",
    domain="lms.example",
    login_url="https://lms.example/login",
    redirect_uri="https://lms.example/launch",
    jwks_url="https://lms.example/jwks",
    deep_linking_url="https://lms.example/dl",
    deep_linking_label="Choose",
    home_url="https://lms.example",
)


@pytest.fixture
def server():
    with RawServer() as running:
        yield running


def http(body: bytes, status: str = "200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


def test_a_slow_answer_is_a_lost_one_after_a_bounded_time(server):
    url, began = server.says(2.0, http(b'{"client_id": "late"}')), time.monotonic()
    with pytest.raises(RegistrationAnswerLost):
        ask(url, "", ASKED, patience=0.3)
    assert time.monotonic() - began < 1.5
    assert server.requests == 1


@pytest.mark.parametrize("parts", [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",), (b"nonsense",)])
def test_a_broken_answer_is_a_lost_one_and_nothing_is_sent_again(server, parts):
    with pytest.raises(RegistrationAnswerLost):
        ask(server.says(*parts), "", ASKED, patience=2)
    assert server.requests == 1


def test_an_endless_answer_is_cut_off(server):
    def endless():
        while True:
            yield b" " * 65536

    url = server.says(b"HTTP/1.1 200 OK\r\n\r\n", then=endless)
    with pytest.raises(RegistrationAnswerLost):
        ask(url, "", ASKED, patience=5)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 No", "404 No", "409 No", "422 No", "429 Later"])
def test_a_refusal_keeps_the_status_and_for_the_person_only_the_words(server, status):
    with pytest.raises(RegistrationNotTaken) as caught:
        ask(server.says(http(b"name\n  in use", status)), "secret", ASKED)
    assert caught.value.said == "name in use"
    assert "in use" not in caught.value.detail
    assert caught.value.answered == int(status[:3])


@every("url", ["http://platform.example/r", "https://10.1.2.3/r", "ftp://x.example/"])
def test_sec_05_an_endpoint_that_may_not_be_called_is_not(url):
    with pytest.raises(AddressForbidden):
        ask(url, "", ASKED)


def test_dr_05_the_captured_answer_is_understood(server):
    granted = ask(server.says(http(CAPTURE["registration_response"]["text"].encode())), "", ASKED)
    assert (granted.client_id, granted.deployment_id) == ("WHdpTpBJxRGBXU1", "2")
    assert len(granted.scopes) == 5


def test_dr_04_empty_values_are_left_out_but_for_messages():
    asked = metadata(replace(TOOL_DETAILS, placements=None, resource_links=False))
    assert {"logo_uri", "tos_uri", "policy_uri", "scope"}.isdisjoint(asked)
    assert set(asked[TOOL]) == {"domain", "target_link_uri", "messages"}
    assert asked[TOOL]["messages"] == []


def test_dr_03_how_a_configuration_is_written_spoils_none():
    body = {**CAPTURE["openid_configuration"]["body"], "note": "two\nlines"}
    expected = platform_configuration.read(json.dumps(body), "https://p.example/c")
    for name in platform_configuration.ENDPOINTS:
        body[name] = f"\ufeff{body[name]}\u200b\n"
    text = json.dumps(body).replace("two\\nlines", "two\nlines")
    assert platform_configuration.read(text, "https://p.example/c") == expected


@every("value", [None, "x", 7, [7, None, {}, []], {"a": 1}])
def test_tol_01_what_we_can_do_without_is_never_refused(value):
    body = {**CAPTURE["openid_configuration"]["body"]}
    for name in ("scopes_supported", "claims_supported", "authorization_server", platform_configuration.PLATFORM):
        body[name] = value
    read = read_configuration(body)
    assert read.issuer == body["issuer"]
    assert read.messages is None
    body[platform_configuration.PLATFORM] = dict.fromkeys(
        ("messages_supported", "variables", "product_family_code", "version"), value
    )
    assert read_configuration(body).issuer == body["issuer"]


def read_configuration(body):
    return platform_configuration.read(json.dumps(body), "http://127.0.0.1:8100/c")


def test_what_the_captured_moodle_says_of_itself_is_read():
    read = read_configuration(CAPTURE["openid_configuration"]["body"])
    assert (read.family, read.version) == ("moodle", "4.5.6 (Build: 20250811)")
    assert read.messages == {"LtiResourceLinkRequest": (), "LtiDeepLinkingRequest": ("ContentArea",)}
    assert "Context.id.history" in read.variables
    assert read.audience == ""


@every(
    "host, url, is_invited",
    [
        ("", "https://any.example/", True),
        ("moodle.example", "https://moodle.example/c", True),
        ("Moodle.Example", "https://moodle.example./c", True),
        ("moodle.example", "https://moodle.example:8443/c", True),
        ("moodle.example:8443", "https://moodle.example:8443/c", True),
        ("moodle.example:8443", "https://moodle.example/c", False),
        ("moodle.example/moodle", "https://moodle.example/moodle/c", True),
        ("moodle.example", "https://moodle.example.evil.example/", False),
        ("moodle.example", "https://evil.example/?moodle.example", False),
        ("moodle.example", "https://sub.moodle.example/", False),
        ("münchen.example", "https://xn--mnchen-3ya.example/", True),
    ],
)
def test_dr_08_an_invitation_for_a_host_is_for_no_other(host, url, is_invited):
    with nullcontext() if is_invited else pytest.raises(PlatformNotInvited):
        require_invited(url, host)


def test_each_family_has_one_preset():
    named = [name for known in PRESETS.values() for name in known.registering.families]
    assert len(set(named)) == len(named)
    assert all(name == name.lower() for name in named)
    assert of_family(" Moodle ").name == "moodle"
    assert of_family("") is of_family("unheard-of") is PRESETS["generic"]
