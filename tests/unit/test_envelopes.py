"""SEC-01 to SEC-03, SEC-25: what a token must look like before anybody computes anything."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from lti_1p3_provider.errors import SignatureInvalid, TokenMalformed
from lti_1p3_provider.lti import base64url
from lti_1p3_provider.lti.claims import AGS, LTI
from lti_1p3_provider.lti.launch import Envelope, Names, _open
from tests.cases import every

GOOD = {"alg": "RS256", "kid": "k", "typ": "JWT"}


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return urlsafe_b64encode(text).decode().rstrip("=")


def token(header: Any = GOOD, claims: Any = None, signature: str = "c2ln") -> str:
    return f"{encoded(header)}.{encoded(claims or {})}.{signature}"


def problem(text: str, error: type[TokenMalformed] | type[SignatureInvalid] = TokenMalformed) -> str:
    with pytest.raises(error) as caught:
        _open(text)
    return str(caught.value.detail)


@every("kid", ["k", "???>>>", "~~", "ÿ", "k" * 1024])
def test_sec_03_a_kid_is_taken_as_it_is(kid):
    text = token({**GOOD, "kid": kid})
    assert _open(text) == Envelope(text, kid, Names(""))


NAMED = {
    f"{LTI}message_type": "LtiResourceLinkRequest",
    f"{LTI}deployment_id": "d",
    "sub": "s",
    f"{LTI}resource_link": {"id": "l"},
    AGS: {},
}


@every(
    "changes, names",
    [
        ({}, Names("d", "s", "l")),
        ({AGS: None}, Names("d", "s", "l")),
        ({"sub": None}, Names("d")),
        ({"sub": 7}, Names("d")),
        ({f"{LTI}message_type": "LtiSubmissionReviewRequest"}, Names("d")),
        ({f"{LTI}message_type": ["LtiResourceLinkRequest"]}, Names("d")),
        ({f"{LTI}resource_link": ["l"]}, Names("d")),
        ({f"{LTI}resource_link": {"id": 7}}, Names("d")),
        ({f"{LTI}resource_link": {}}, Names("d")),
        ({f"{LTI}deployment_id": 7}, Names("7", "s", "l")),
    ],
)
def test_core_04_what_is_looked_for_has_the_right_types(changes, names):
    assert _open(token(claims={**NAMED, **changes})).names == names


@every(
    "missing, names",
    [
        (AGS, Names("d", "s", "l")),
        (f"{LTI}message_type", Names("d")),
        ("sub", Names("d")),
        (f"{LTI}resource_link", Names("d")),
        (f"{LTI}deployment_id", Names("", "s", "l")),
    ],
)
def test_core_04_without_a_name_nothing_is_looked_for(missing, names):
    assert _open(token(claims={name: value for name, value in NAMED.items() if name != missing})).names == names


def test_sec_25_a_token_has_64_kb_at_most():
    text = token()
    longest = text + "A" * ((65536 - len(text)) // 4 * 4)
    assert _open(longest).token == longest
    assert 65532 < len(longest) <= 65536
    assert problem(longest + "AAAA") == "larger than 65536 characters"


@every("text", ["", "a", "a.b", token() + ".x", "...."])
def test_sec_25_a_token_has_three_parts(text):
    assert problem(text) == "not a signed JWT in three parts"


@every(
    "text, said",
    [
        (token(header=b"{"), "header: "),
        (token(header=b"[]"), "header: not a JSON object"),
        (token(claims=b"[]"), "claims: not a JSON object"),
        (token(claims=b'{"a": NaN}'), "claims: NaN is not JSON"),
        (f"a.{encoded({})}.c", "header: "),
        (f"{encoded(GOOD)}.!!!!.c", "claims: "),
        (f"{encoded(GOOD)}.é.c", "claims: "),
        (f"{encoded(GOOD)}!!!!.{encoded({})}.c", "header: "),
        (f"{encoded(GOOD)}.\n\n\n\n{encoded({})}.c", "claims: "),
        (token(signature=""), "signature: "),
    ],
)
def test_sec_25_the_refusal_names_the_part_that_cannot_be_read(text, said):
    assert problem(text).startswith(said)


@every("algorithm", ["none", "HS256", "rs256", "RS256 ", None, 7, ["RS256"]])
def test_sec_01_the_algorithm_is_ours(algorithm):
    assert problem(token({**GOOD, "alg": algorithm}), SignatureInvalid) == "alg must be RS256"


@every("extension", [{"crit": ["exp"]}, {"crit": []}, {"crit": None}, {"b64": False}, {"b64": 0}])
def test_sec_02_extensions_are_refused(extension):
    assert "extension" in problem(token({**GOOD, **extension}))


def test_sec_02_what_is_no_extension_is_ignored():
    assert _open(token({**GOOD, "b64": True, "jku": "https://evil.example", "x5c": []})).kid == "k"


def test_core_04_a_null_in_the_header_is_absent():
    assert _open(token({**GOOD, "b64": None, "typ": None, "jku": None})).kid == "k"


@every("kid", ["", None, 7, ["k"], {}, True, "k" * 1025])
def test_sec_03_a_kid_is_a_text_of_sane_length(kid):
    assert problem(token({**GOOD, "kid": kid})) == "the header has no usable kid"


@every("signature", ["", "!", "c2ln=", "c2ln\n"])
def test_sec_01_an_unsigned_token_is_refused_for_its_algorithm(signature):
    assert problem(token({**GOOD, "alg": "none"}, signature=signature), SignatureInvalid) == "alg must be RS256"


def test_bad_01_a_kid_is_required():
    assert problem(token({"alg": "RS256"})) == "the header has no usable kid"


# What lenient decoders read all the same.
SPELLINGS = {
    "padded": lambda part: part + "=" * (-len(part) % 4 or 4),
    "padded with one sign": lambda part: part + "=",
    "a line at the end": lambda part: part + "\n",
    "a line in front": lambda part: f"\n{part}",
    "a space inside": lambda part: f"{part[:3]} {part[3:]}",
    "a percent sign": lambda part: f"{part[:3]}%{part[3:]}",
    "another alphabet": lambda part: part.translate(str.maketrans("-_", "+/")) + "////",
    "letters beyond ASCII": lambda part: f"{part[:3]}é{part[3:]}",
    "a NUL": lambda part: part + "\0",
    "a single letter left over": lambda part: part + "A" * ((1 - len(part)) % 4),
    "bits left over": lambda part: part + {0: "AB", 2: "B", 3: "AAB"}[len(part) % 4],
}


@every("spelling", SPELLINGS)
@every("number", [0, 1, 2])
def test_sec_25_a_token_has_one_spelling(number, spelling):
    parts = token().split(".")
    parts[number] = SPELLINGS[spelling](parts[number])
    assert problem(".".join(parts)).startswith(("header: ", "claims: ", "signature: ")[number])


@every("text, content", [("-_8", b"\xfb\xff"), ("AA", b"\0"), ("AAAA", b"\0\0\0"), ("YQ", b"a")])
def test_sec_25_base64url_is_read(text, content):
    assert base64url.decode(text) == content


@every("text", ["", "A", "AAAAA", "+/8", "YQ==", "YQ=", "YR", "YWF", "YQ\n", "Y Q", "ÝQ", "YQ\u2028"])
def test_sec_25_base64url_is_not_guessed(text):
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)
