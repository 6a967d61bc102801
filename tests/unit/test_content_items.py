"""Content items as the answer has them (DL-07), and how large a token may be (SEC-25)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from lti_1p3_provider.deep_linking.accepted import Accepted
from lti_1p3_provider.deep_linking.entries import Entry
from lti_1p3_provider.deep_linking.items import Destination, items
from lti_1p3_provider.lti.claims import Person
from lti_1p3_provider.lti.content_items import ContentItem, OfferedLineItem
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage, DeepLinkingSettings
from lti_1p3_provider.lti.roles import Roles
from lti_1p3_provider.lti.token_size import MAX_TOKEN, MAX_WITH_DATA, limit
from tests.cases import every

COURSE = "course-v1:Org+C+R"
BLOCK = "block-v1:Org+C+R+type@problem+block@p"
ENTRY = Entry(COURSE, BLOCK, None, "problem", "A problem", points=4.0, course_title="A course")
SETTINGS = DeepLinkingSettings("https://lms.example/r", ("ltiResourceLink",), ("iframe",), title="Proposed")
MESSAGE = DeepLinkingMessage(
    deployment_id="1",
    subject=None,
    person=Person(),
    roles=Roles(),
    context=None,
    target_link_uri="",
    return_url="",
    grade_service=None,
    settings=SETTINGS,
)
DESTINATION = Destination(
    "generic", Accepted("ltiResourceLink", 100, "", frozenset(("iframe",))), MESSAGE, "https://lms.edx.example"
)
NOW = datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=2)))


def claim(destination: Destination = DESTINATION, **values: Any) -> dict[str, Any]:
    """Return the item of a block."""
    [item] = items([replace(ENTRY, **values)], destination)
    return item.claim()


def test_dl_07_dates_are_in_utc():
    said = claim(start=NOW, due=NOW + timedelta(days=1))
    assert said["available"] == {"startDateTime": "2026-03-01T06:30:00Z"}
    assert said["submission"] == {"endDateTime": "2026-03-02T06:30:00Z"}


def test_dl_07_no_dates_no_members():
    assert not {"available", "submission"} & set(claim())


def test_dl_07_a_start_that_is_after_the_end_is_left_out():
    said = claim(start=NOW, due=NOW - timedelta(days=1))
    assert "available" not in said
    assert "submission" in said


@every("title", ["x" * 300, "x " * 300, "🎓" * 300])
def test_dl_07_titles_and_labels_have_255_characters(title):
    said = claim(title=title)
    assert 0 < len(said["title"]) <= 255
    assert 0 < len(said["lineItem"]["label"]) <= 255


@every("title, expected", [("a\nb\t c ", "a b c"), ("", "Proposed"), (" \n", "Proposed")])
def test_dl_07_dl_08_titles_are_one_line_and_never_empty(title, expected):
    assert claim(title=title)["title"] == expected


def test_dl_07_without_any_title_it_is_the_blocks_name():
    destination = replace(DESTINATION, message=replace(MESSAGE, settings=replace(SETTINGS, title="")))
    assert claim(destination, title="")["title"] == "p"


@every("points", [None, 0, 0.0, -1.0, float("nan"), float("inf")])
def test_dl_07_content_without_points_has_no_line_item(points):
    assert "lineItem" not in claim(points=points)


@every(
    "platform, points, maximum",
    [("generic", 4.0, 4), ("generic", 2.5, 2.5), ("openedx", 2.5, 3), ("openedx", 0.2, 1), ("canvas", 0.2, 0.2)],
)
def test_dl_07_the_maximum_is_a_number_as_the_platform_takes_it(platform, points, maximum):
    said = claim(replace(DESTINATION, platform=platform), points=points)["lineItem"]["scoreMaximum"]
    assert said == maximum
    assert isinstance(said, type(maximum))


def test_dl_07_an_address_that_is_too_long_leaves_it_to_the_parameter():
    long = f"block-v1:Org+C+R+type@problem+block@{'ü' * 120}"
    said = claim(usage_key=long)
    assert said["url"] == "https://lms.edx.example/lti/1p3/launch/"
    assert said["custom"]["openedx_target"] == long


def test_dl_07_a_plain_link_says_less():
    link = ContentItem(
        "https://x.example/a", "A", type="link", custom={"a": "b"}, column=OfferedLineItem(1, "l", "r", "t")
    )
    assert link.claim() == {"type": "link", "title": "A", "url": "https://x.example/a"}
    assert replace(link, presentation="iframe").claim()["iframe"]["src"] == "https://x.example/a"
    assert "src" not in replace(link, type="ltiResourceLink", presentation="iframe").claim()["iframe"]
    assert replace(link, due=NOW.astimezone(UTC)).claim() == link.claim()


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@every(
    "text, expected",
    [
        (token({"x": "LtiResourceLinkRequest"}), MAX_TOKEN),
        (token({"x": "LtiDeepLinkingRequest"}), MAX_WITH_DATA),
        (token({"x": "not LtiDeepLinkingRequest"}), MAX_TOKEN),
        ("", MAX_TOKEN),
        ("LtiDeepLinkingRequest", MAX_TOKEN),
        ("a.b", MAX_TOKEN),
        ("a.\u00e9.c", MAX_TOKEN),
        (f'{token({})}"LtiDeepLinkingRequest"', MAX_TOKEN),
    ],
)
def test_sec_25_only_a_request_for_content_may_be_large(text, expected):
    assert limit(text) == expected
