"""Tokens that are no launches: spoilt JSON, odd bytes, changed characters, arbitrary texts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from demo.browser import Browser
from demo.platform.keys import b64url
from tests.connection import CLAIM, WELCOME, Connection
from tests.traces import nothing_stored, refusal

from .budget import examples
from .launching import changed_launch, was_judged_rightly
from .values import any_json, any_text, form_body, sane_text

JSON_CHARACTERS = '{}[]":,\\u0019eE+-. \n\x01ntfé'
CLAIMS = ("aud", "exp", "nonce", "sub", f"{CLAIM}roles", "vendor")
NO_VALUES = ("NaN", "Infinity", "-Infinity", "1e999", "-1e400", "01", "1.", ".5", "+1", "0x10", "'a'", '"\n"')
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Edit:
    """Put ``new`` in place of ``length`` characters, at a fraction of the whole."""

    at: float
    length: int
    new: str

    def apply(self, text: str) -> str:
        """Return the edited text."""
        start = int(self.at * len(text))
        return text[:start] + self.new + text[start + self.length :]


def edits(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[Edit]:
    """Return small edits, of at least one character."""
    return st.builds(Edit, st.floats(0, 1), st.integers(0, 3), st.lists(alphabet, max_size=3).map("".join)).filter(
        lambda edit: edit.length or edit.new
    )


@examples(120)
@given(changes=st.lists(edits(st.sampled_from(JSON_CHARACTERS) | sane_text), min_size=1, max_size=2))
@example(changes=[Edit(1.0, 0, " \n")])
@example(changes=[Edit(1.0, 0, "\x00")])
def test_sec_25_edited_json_is_read_as_it_says_or_refused(connection, changes):
    def edit(text: str) -> str:
        for change in changes:
            text = change.apply(text)
        return text

    assert was_judged_rightly(changed_launch(connection, text=edit))


@examples(40)
@given(
    name=st.sampled_from(("aud", "exp", "nonce", "sub", f"{CLAIM}roles", "vendor")), value=any_json, last=st.booleans()
)
def test_sec_25_a_name_that_stands_twice_is_refused(connection, name, value, last):
    member = f"{json.dumps(name)}: {json.dumps(value)}"

    def twice(text: str) -> str:
        again = f"{member}, {member}" if name == "vendor" else member
        return f"{text[:-1]}, {again}}}" if last else f"{{{again}, {text[1:]}"

    sent = changed_launch(connection, text=twice)
    assert refusal(sent.answer) == "token_malformed"


@examples(30)
@given(
    spoil=st.one_of(
        st.sampled_from(
            ("NaN", "Infinity", "-Infinity", "1e999", "-1e400", "01", "1.", ".5", "+1", "0x10", "'a'", '"\n"')
        ),
        st.integers(21, 5000).map(lambda depth: "[" * depth + "]" * depth),
        st.integers(21, 2000).map(lambda depth: '{"a":' * depth + "1" + "}" * depth),
        st.integers(4301, 20_000).map(lambda digits: "9" * digits),
        st.text(st.characters(min_codepoint=0x20), min_size=1).map(lambda text: json.dumps(text)[:-1]),
    )
)
def test_sec_25_values_that_are_no_sane_json_are_refused(connection, spoil):
    sent = changed_launch(connection, text=lambda text: f'{text[:-1]}, "vendor": {spoil}}}')
    assert refusal(sent.answer) == "token_malformed"


class Waiting:
    """A browser that began a launch and was asked nothing yet: it may post any number of tokens that are refused."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.begin()

    def begin(self) -> None:
        """Begin (again, after a token was let in)."""
        self.browser = Browser()
        self.form = self.connection.launch_form(self.connection.link(WELCOME), browser=self.browser)
        self.token = self.form.fields["id_token"]

    def post(self, token: str) -> requests.Response:
        """Post a token with the genuine state, cookie and all."""
        body = form_body([("state", self.form.fields["state"]), ("id_token", token)])
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.browser.post(self.form.action, data=body, headers=headers, allow_redirects=False, timeout=20)


@pytest.fixture
def waiting(connection: Connection) -> Waiting:
    return Waiting(connection)


PART = st.one_of(
    any_json.map(lambda value: b64url(json.dumps(value).encode())),
    st.binary(max_size=12).map(b64url),
    st.binary(max_size=12).map(lambda said: b64url(said) + "=="),
    st.text(st.sampled_from(ALPHABET + "+/=.\n ~é"), max_size=12),
    st.just(b64url(b'{"alg": "RS256", "kid": "x"}')),
    st.just(b64url(b'{"alg": "none"}')),
)


@examples(250)
@given(token=st.one_of(any_text, st.lists(PART, max_size=6).map(".".join)))
def test_sec_25_a_text_that_is_no_token_is_refused(waiting, token):
    with nothing_stored():
        assert refusal(waiting.post(token)) in ("token_malformed", "token_missing", "signature_invalid", "key_unknown")


@examples(150)
@given(change=edits(st.sampled_from(ALPHABET + ".=+/ é")), part=st.sampled_from((0, 1, 2, None)))
def test_sec_25_a_token_with_changed_characters_says_what_was_signed_or_is_refused(waiting, change, part):
    parts = waiting.token.split(".")
    if part is None:
        token = change.apply(waiting.token)
    else:
        token = ".".join(change.apply(text) if number == part else text for number, text in enumerate(parts))
    answer = waiting.post(token)
    if answer.status_code == 302:
        assert token.split(".")[:2] == parts[:2]
        assert re.sub(r"[^A-Za-z0-9_-]", "", token.split(".")[2])[:341] == parts[2][:341]
        waiting.begin()
    else:
        refusal(answer)
