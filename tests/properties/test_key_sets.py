"""Whatever a platform publishes as its keys, only the key that signed lets a launch in, and nothing breaks."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from lti_1p3_provider.registrations.models import Registration
from tests.connection import Connection
from tests.traces import refusal, stored
from tests.web_server import Said

from .budget import examples
from .launching import changed_launch, stored_before
from .values import any_json, any_text, sane_json

MEMBERS = ("kty", "kid", "n", "e", "use", "alg", "key_ops", "x5c", "x5u", "d", "k")
FETCHED = range(400, 503)  # a platform that cannot be asked is a 502

member_changes = st.lists(st.tuples(st.sampled_from(MEMBERS), st.none() | any_json), min_size=1, max_size=2)
header_text = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\r\n\x00"), max_size=20)
headers = st.dictionaries(
    st.sampled_from(("Cache-Control", "Content-Type", "Retry-After", "Location", "Set-Cookie", "Age", "ETag")),
    header_text,
)
cache_headers = st.one_of(
    header_text,
    st.builds("max-age={}".format, st.integers(-10, 10**12) | header_text),
    st.sampled_from(("no-store", "private, max-age=0, must-revalidate", "MAX-AGE = 1", "max-age=1e9", "s-maxage=0")),
)


def from_platform(connection: Connection, **values: Any) -> None:
    """Change where the registration's keys come from."""
    Registration.objects.filter(pk=connection.registration.pk).update(**values)


def was_let_in(connection: Connection) -> bool:
    """Launch; check that the answer is content or a page, and that a refusal left nothing."""
    before = stored_before()
    sent = changed_launch(connection)
    if not sent.was_let_in:
        refusal(sent.answer, statuses=FETCHED)
        assert stored() == before
    return sent.was_let_in


def is_there(connection: Connection, document: object) -> bool:
    """Tell whether the platform's real key stands in the key set, for signing with RS256. (RFC 7517)"""
    genuine = {key["kid"]: key for key in connection.platform.public_jwks()["keys"]}
    found = document.get("keys") if isinstance(document, dict) else None
    return isinstance(found, list) and any(
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and key["kid"] in genuine
        and {name: key.get(name) for name in ("kty", "n", "e")}
        == {name: genuine[key["kid"]][name] for name in ("kty", "n", "e")}
        and (key.get("use") or "sig") == "sig"  # null and empty are absent
        and (key.get("alg") or "RS256") == "RS256"
        for key in found
    )


@examples(80)
@given(
    changes=member_changes, others=st.lists(any_json, max_size=3), extra=st.dictionaries(any_text, any_json, max_size=2)
)
@example(changes=[("n", "A" * 400_000)], others=[], extra={})
@example(changes=[("e", "A" * 2000)], others=[], extra={})
@example(changes=[("e", "AA")], others=[], extra={})
@example(changes=[("kty", "oct"), ("k", "AAAA")], others=[], extra={})
@example(changes=[("d", "AQAB")], others=[], extra={})
def test_sec_06_a_changed_key_set_lets_in_only_what_the_real_key_signed(connection, web_server, changes, others, extra):
    keys = []
    for key in connection.platform.public_jwks()["keys"]:
        changed: dict[str, Any] = dict(key)
        for name, value in changes:
            if value is None:
                changed.pop(name, None)
            else:
                changed[name] = value
        keys.append(changed)
    document = {**extra, "keys": [*others, *keys]}
    from_platform(connection, key_set_url=web_server.says(Said(json.dumps(document).encode())))
    assert not was_let_in(connection) or is_there(connection, document)


@examples(100)
@given(
    body=st.none()
    | st.binary(max_size=40)
    | any_json.map(lambda value: json.dumps(value).encode())
    | any_json.map(lambda value: json.dumps({"keys": value}).encode()),
    status=st.sampled_from((200, 200, 200, 201, 204, 302, 304, 401, 404, 429, 500, 503)),
    said=headers,
)
@example(body=None, status=200, said={})
@example(body=None, status=404, said={})
@example(body=None, status=302, said={})
@example(body=b"[" * 100_000, status=200, said={})
@example(body=b'{"keys": ' + b"[" * 100_000, status=200, said={})
@example(body=b'{"keys": [' + b"9" * 10_000 + b"]}", status=200, said={})
def test_sec_06_an_answer_of_a_key_set_url_lets_in_with_the_key_and_success_only(
    connection, web_server, body, status, said
):
    """A ``body`` of None is the genuine key set."""
    genuine = json.dumps(connection.platform.public_jwks()).encode()
    shown = b"" if status in (204, 304) else genuine if body is None else body
    from_platform(connection, key_set_url=web_server.says(Said(shown, status, said)))
    assert was_let_in(connection) is (shown == genuine and status < 300)


@examples(40)
@given(said=cache_headers)
def test_sec_04_no_cache_header_makes_us_ask_at_each_launch(connection, web_server, said):
    body = json.dumps(connection.platform.public_jwks()).encode()
    from_platform(connection, key_set_url=web_server.says(Said(body, headers={"Cache-Control": said})))
    before = len(web_server.asked)
    assert was_let_in(connection)
    assert was_let_in(connection)
    assert len(web_server.asked) == before + 1


@examples(60)
@given(document=st.one_of(sane_json, st.fixed_dictionaries({"keys": sane_json})))
def test_any_inline_key_set_without_the_key_lets_nobody_in(connection, document):
    from_platform(connection, key_set_url="", key_set=document)
    assert not was_let_in(connection)
