"""The small readers of strangers' texts: JSON, roles, states."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lti_1p3_provider.errors import BrowserMismatch, StateUnknown
from lti_1p3_provider.lti import state
from lti_1p3_provider.lti.roles import Roles, parse
from lti_1p3_provider.lti.strict_json import parse_object
from tests.connection import MEMBERSHIP

from .budget import examples
from .values import any_json, any_text, sane_json

names = st.text(max_size=8)
objects = st.dictionaries(names, sane_json, max_size=5)
PRINCIPAL = ("Administrator", "ContentDeveloper", "Instructor", "Learner", "Mentor", "Manager", "Member", "Officer")
OTHER_PLACES = (
    *(
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#",
    ),
    *(
        "http://purl.imsglobal.org/vocab/lis/v2/person#",
        "https://purl.imsglobal.org/vocab/lis/v2/membership#",
        "urn:x#",
    ),
)


@examples(400)
@given(value=objects, space=st.sampled_from((None, 1)), coded=st.booleans())
def test_sane_json_is_read_as_it_was_written(value, space, coded):
    text = json.dumps(value, indent=space, ensure_ascii=coded)
    assert parse_object(text) == parse_object(text.encode("utf-8", "surrogatepass")) == value


@examples(300)
@given(value=any_json | st.dictionaries(any_text, any_json, max_size=3))
@example(value={"deep": [{"in": math.nan}]})
@example(value={"a": -math.inf})
def test_sec_25_what_is_read_is_one_object_of_numbers_that_exist(value):
    text = json.dumps(value)
    try:
        found = parse_object(text)
    except ValueError:
        assert not isinstance(value, dict) or _is_unsound(value)
    else:
        assert isinstance(value, dict)
        assert json.dumps(found) == text
        assert not _is_unsound(value)


@examples(200)
@given(
    members=st.lists(st.tuples(names, sane_json), min_size=1, max_size=5),
    way=st.lists(names, max_size=4),
    data=st.data(),
)
def test_sec_25_a_name_that_stands_twice_is_refused_wherever_it_stands(members, way, data):
    again = data.draw(st.sampled_from([name for name, _ in members]))
    pairs = [*members, (again, data.draw(sane_json))]
    text = "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs) + "}"
    for name in way:
        text = f"{{{json.dumps(name)}: [{text}]}}"
    with pytest.raises(ValueError, match="twice"):
        parse_object(text)


@examples(100)
@given(depth=st.integers(1, 3000), in_lists=st.booleans(), closed=st.booleans())
@example(depth=20, in_lists=True, closed=True)
@example(depth=22, in_lists=True, closed=True)
@example(depth=200_000, in_lists=True, closed=True)
@example(depth=200_000, in_lists=False, closed=False)
def test_sec_25_depth_has_a_limit(depth, in_lists, closed):
    begin, end = ("[", "]") if in_lists else ('{"a":', "}")
    inside = depth - 1  # the outermost object counts
    text = '{"a":' + begin * inside + "1" + end * inside * closed + "}"
    if depth <= 20 and (closed or not inside):
        assert parse_object(text)
    elif depth >= 22 or not closed:
        with pytest.raises(ValueError):
            parse_object(text)


def _is_unsound(value: Any, depth: int = 1) -> bool:
    """NaN, infinities or more than 20 levels."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict | list):
        members = value.values() if isinstance(value, dict) else value
        return depth > 20 or any(_is_unsound(member, depth + 1) for member in members)
    return False


role = st.one_of(
    any_text,
    st.sampled_from(PRINCIPAL),
    st.sampled_from(PRINCIPAL).map(MEMBERSHIP.__add__),
    st.builds(str.__add__, st.sampled_from((MEMBERSHIP, *OTHER_PLACES)), st.sampled_from(PRINCIPAL) | any_text),
    st.builds("http://purl.imsglobal.org/vocab/lis/v2/membership/{}#{}".format, st.sampled_from(PRINCIPAL), any_text),
)


@examples(400)
@given(values=st.lists(role, max_size=6))
def test_role_01_to_role_04_only_the_vocabulary_of_the_context_gives_a_role(values):
    roles = parse(values)
    named = {name for name in PRINCIPAL if name in values or f"{MEMBERSHIP}{name}" in values}
    assert roles.context == named
    assert roles.is_instructor is bool(named & {"Administrator", "ContentDeveloper", "Instructor"})
    assert parse(reversed(values)) == parse([*values, *values]) == roles
    assert all(principal in PRINCIPAL and sub for principal, sub in roles.sub_roles)


@examples(100)
@given(values=st.lists(role, max_size=4), more=st.lists(role.filter(lambda name: name not in PRINCIPAL), max_size=4))
def test_role_03_role_04_what_is_not_known_adds_nothing(values, more):
    unknown = [name for name in more if not name.startswith("http://purl.imsglobal.org/vocab/")]
    assert parse([*values, *unknown]) == parse(values)
    assert parse(unknown) == Roles()


@examples(300)
@given(
    pk=st.integers(1, 2**31),
    at=st.integers(0, 200),
    new=st.text(st.sampled_from("abzABZ019-_.: \x00é"), max_size=2),
    length=st.integers(0, 2),
)
def test_core_05_a_state_with_any_other_character_is_not_ours(pk, at, new, length):
    issued = state.issue(pk, "https://lms.example/").value
    at %= len(issued) + 1
    changed = issued[:at] + new + issued[at + length :]
    if changed == issued:
        assert state.read(changed).registration_pk == pk
        return
    with pytest.raises(StateUnknown):
        state.read(changed)


@examples(100)
@given(shown=any_text.filter(bool), pk=st.integers(1, 2**31))
def test_core_05_sec_10_no_other_proof_does(shown, pk):
    issued, another = (state.issue(pk, "https://lms.example/") for _ in range(2))
    state.require_same_browser(issued, {issued.cookie_name: issued.proof})
    for value in (shown, another.proof, issued.nonce, issued.value, issued.proof[:-1]):
        with pytest.raises(BrowserMismatch):
            state.require_same_browser(issued, {issued.cookie_name: value, another.cookie_name: issued.proof})
    assert len({issued.value, issued.nonce, issued.proof, another.value, another.nonce}) == 5
