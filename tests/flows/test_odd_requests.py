"""Requests for content that nobody would send on purpose, and a site's own rules that fail at a bad moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from demo.browser import forms
from lti_1p3_provider.deep_linking.entries import Entry, MessageFacts
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.content_items import MAX_TITLE, MAX_URL
from lti_1p3_provider.lti.deep_linking import PLACEMENT
from lti_1p3_provider.outline import tree
from lti_1p3_provider.outline.models import OutlineBlock
from tests.cases import every
from tests.connection import CLAIM, PROBLEM, SUBSECTION, UNIT, Connection
from tests.picking import DL, SETTINGS, Picker, begin, begin_with, items_of, with_settings


def test_null_is_as_good_as_nothing(connection: Connection) -> None:
    names = ("accept_multiple", "accept_lineitem", "auto_create", "accept_media_types", "title", "text", "data")

    def changed(claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, SETTINGS: {**claims[SETTINGS], **dict.fromkeys(names)}}

    connection.platform.tamper_next_launch(claims=changed)
    picker = begin(connection, data=None).go().open(SUBSECTION, UNIT)
    assert set(picker.offered.values()) == {"radio"}  # several are taken only where that is said
    picker.browser.follow(picker.post("answer", token=picker.token, chosen=PROBLEM))
    answer = connection.platform.selections[-1].claims
    assert f"{DL}data" not in answer
    assert items_of(connection)[0]["lineItem"]["scoreMaximum"] == 4


@every("placement", ["<b>no such menu", "x" * 5000, 5, ["editor_button"]])
def test_a_placement_that_nobody_knows_is_any_place(connection: Connection, placement: Any) -> None:
    picker = begin_with(connection, lambda claims: {**claims, PLACEMENT: placement})
    assert picker.page.status_code == 200
    assert "no score is sent" not in picker.page.text


@every(
    "said",
    [
        {"accept_types": ["x" * 50] * 5000 + ["ltiResourceLink"]},
        {"accept_types": [None, "ltiResourceLink", None]},
        {"accept_presentation_document_targets": ["no such target"] * 5000},
        {"accept_presentation_document_targets": [None]},
        {"title": "\ud800\x00" + "x" * 5000, "text": "\x00"},
        {"a member of our own": {"of": ["any", {"depth": [None] * 500}]}},
    ],
)
def test_what_is_much_or_strange_is_taken_if_it_can_be_understood(connection: Connection, said: dict[str, Any]) -> None:
    picker = with_settings(connection, **said)
    assert picker.page.status_code == 200, picker.page.text
    assert "1 item added" in picker.browser.follow(picker.post("answer", token=picker.token, chosen=PROBLEM)).text
    assert [item["type"] for item in items_of(connection)] == ["ltiResourceLink"]


@every("context", [None, [], {"id": "c", "title": None, "label": 5, "type": "x"}, {"id": "c" * 200}])
def test_a_course_of_the_platforms_that_is_hardly_described_is_enough(connection: Connection, context: Any) -> None:
    picker = begin_with(connection, lambda claims: {**claims, f"{CLAIM}context": context})
    assert picker.page.status_code == 200, picker.page.text
    assert picker.go().open(SUBSECTION).send(UNIT).status_code == 200


def test_a_hundred_long_titles_in_any_script_fit(connection: Connection) -> None:
    shelf = OutlineBlock.objects.get(usage_key=PROBLEM)
    keys = [f"{PROBLEM}-{number}-{'k' * 120}" for number in range(100)]
    for place, key in enumerate(keys):
        shelf.pk, shelf.usage_key, shelf.usage_digest = None, key, digest(key)
        shelf.position = 10_000 + place
        shelf.save(force_insert=True)
    for letter in ("\u8a9e", "\U0001f9ee", " \n"):
        OutlineBlock.objects.filter(usage_key__in=keys).update(title=letter * (250 // len(letter)))
        tree.forget()
        picker = begin(connection)
        page = picker.browser.follow(picker.post("answer", token=picker.token, chosen=" ".join(keys)))
        assert "100 items added" in page.text, (letter, page.text)
        items = items_of(connection)
        assert [item["custom"]["openedx_target"] for item in items] == keys, letter
        assert all(0 < len(item["title"]) <= MAX_TITLE and len(item["url"]) <= MAX_URL for item in items), letter
        assert all(0 < len(item["lineItem"]["label"]) <= MAX_TITLE for item in items), letter


# --- the site's own rules ---------------------------------------------------------------------------------------------

RULE = {"shuts": "", "fails": False}


def rule(facts: MessageFacts, entry: Entry) -> bool:
    """A site's filter that shuts a block, and fails at whatever comes afterwards."""
    if entry.usage_key == RULE["shuts"]:
        RULE["fails"] = True
        return False
    if RULE["fails"]:
        raise RuntimeError("out of order")
    return True


@pytest.fixture
def picker(connection: Connection, settings) -> Picker:
    """A page of a site with that filter, which is still content with everything."""
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = f"{__name__}.rule"
    RULE.update(shuts="", fails=False)
    return begin(connection).go().open(SUBSECTION)


def test_a_rule_that_fails_while_the_page_says_what_is_gone_leaves_a_way_back(picker: Picker, connection) -> None:
    token = picker.token
    RULE["shuts"] = UNIT
    page = picker.post("answer", token=token, chosen=f"{UNIT}")
    assert (page.status_code, LaunchAttempt.objects.first().outcome) == (500, "picker_filter_failed")
    assert picker.browser.submit(forms(page)[0]).status_code == 200
    assert connection.platform.selections[-1].claims[f"{DL}errormsg"]


def test_a_page_that_expired_says_so_though_a_rule_fails(picker: Picker) -> None:
    token = picker.token
    DeepLinkingRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    RULE["fails"] = True
    for path in ("answer", "pick"):
        page = picker.post(path, token=token, chosen=UNIT)
        assert (page.status_code, LaunchAttempt.objects.first().outcome) == (410, "choice_expired")
