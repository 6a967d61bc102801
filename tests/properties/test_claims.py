"""Genuine launches whose claims or header are changed at will and correctly signed: each enters or gets a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.connection import AGS_CLAIM, CLAIM, MEMBERSHIP, Connection
from tests.traces import refusal, stored

from .budget import examples
from .changes import HEADER_PATHS, NEAR, Change, claim_changes, header_changes
from .launching import Sent, changed_launch, stored_before, was_judged_rightly
from .oracle import objections
from .values import sane_json, sane_text

UNKNOWN = ("auth_time", "at_hash", "locale", "picture", "https://vendor.example/claim", "https://purl.imsglobal.org/x")
OPTIONAL = (*(f"{CLAIM}{name}" for name in ("context", "launch_presentation", "lis", "tool_platform")), AGS_CLAIM)


def applied(changes: list[Change], **more: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return a function that makes the changes, one after the other."""

    def apply(members: dict[str, Any]) -> dict[str, Any]:
        changed = {**members, **more}
        for change in changes:
            change.apply(changed)
        return changed

    return apply


def test_core_04_core_07_a_value_that_is_almost_right_enters_exactly_if_it_is(connection):
    misjudged = []
    for path, near in [(path, near) for path, values in NEAR.items() for near in values]:
        place = "header" if path in HEADER_PATHS else "claims"
        for party in ({}, {"azp": connection.client_id}) if path in (("aud",), ("azp",)) else ({},):
            sent = _stored_only_if_let_in(connection, **{place: applied([Change(path, near=near)], **party)})
            against = objections(sent.header, sent.claims, sent.asked)
            if not was_judged_rightly(sent) or sent.was_let_in is not (against == []):
                misjudged.append((path, near, party, against))
    assert misjudged == []


@examples(150)
@given(changes=claim_changes, names_party=st.booleans())
@example(changes=[Change(("aud",), near="with others")], names_party=False)
@example(changes=[Change(("aud",), near="with others")], names_party=True)
@example(changes=[Change(("nbf",), near="now +75")], names_party=False)
def test_core_04_core_07_changed_claims_enter_only_if_the_specifications_let_them(connection, changes, names_party):
    party = {"azp": connection.client_id} if names_party else {}
    sent = _stored_only_if_let_in(connection, claims=applied(changes, **party))
    assert was_judged_rightly(sent), objections(sent.header, sent.claims, sent.asked)


@examples(60)
@given(changes=header_changes)
def test_sec_01_sec_02_sec_03_a_changed_header_enters_only_if_the_specifications_let_it(connection, changes):
    sent = _stored_only_if_let_in(connection, header=applied(changes))
    assert was_judged_rightly(sent), objections(sent.header, sent.claims, sent.asked)


@examples(60)
@given(
    members=st.dictionaries(st.one_of(sane_text, st.sampled_from(UNKNOWN)), sane_json, max_size=4),
    header=st.dictionaries(st.sampled_from(("typ", "cty", "jwk", "jku", "x5u", "x5c", "x5t", "vendor")), sane_json),
    dropped=st.sets(st.sampled_from(OPTIONAL)),
    roles=st.lists(sane_text | st.sampled_from((f"{MEMBERSHIP}Learner", "Instructor", "Astronaut")), max_size=6),
    times=st.fixed_dictionaries({"exp": st.floats(-50, 1e6), "iat": st.floats(-500, 50), "nbf": st.floats(-1e9, 50)}),
    names=st.dictionaries(st.sampled_from(("name", "given_name", "family_name", "email")), sane_text | st.none()),
    custom=st.dictionaries(sane_text, sane_json, max_size=4),
    audience=st.sampled_from(("text", "list", "first", "last")),
)
def test_core_11_what_the_specifications_leave_open_is_let_in(
    connection, members, header, dropped, roles, times, names, custom, audience
):
    ours = connection.client_id
    audiences = {"text": ours, "list": [ours], "first": [ours, "b"], "last": ["a", ours]}

    def harmless(claims: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in claims.items() if name not in dropped}
        added = {name: value for name, value in members.items() if name not in claims}
        now = {name: time.time() + seconds for name, seconds in times.items()}
        party = {"aud": audiences[audience], "azp": ours}
        return {**added, **kept, **now, **party, **names, f"{CLAIM}roles": roles, f"{CLAIM}custom": custom}

    sent = changed_launch(connection, claims=harmless, header=lambda genuine: {**genuine, **header})
    assert objections(sent.header, sent.claims, sent.asked) == []
    assert sent.was_let_in, refusal(sent.answer)


def _stored_only_if_let_in(connection: Connection, **changes: Any) -> Sent:
    """A refused launch leaves no trace, but that an unknown deployment is offered to the operator."""
    before = stored_before()
    sent = changed_launch(connection, **changes)
    if not sent.was_let_in:
        may_differ = {"Deployment"} if refusal(sent.answer) == "deployment_unknown" else set()
        after = stored()
        assert {name for name in before if after[name] != before[name]} <= may_differ
    return sent
