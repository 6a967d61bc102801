"""A deep-linking response is verified before anything is added to the course."""

import time
from typing import Any

import jwt
import requests

from demo.platform import Platform
from demo.platform.keys import SigningKey
from demo.platform.vocabulary import DEEP_LINKING, LTI
from tests.cases import every

from .scratch_tool import ScratchTool

ITEM = {"type": "ltiResourceLink", "title": "Unit 2", "url": "http://127.0.0.1:1/unit-2", "custom": {"block": "b2"}}
LINE_ITEM = {"scoreMaximum": 30, "label": "Exam column", "tag": "t"}
GRADED = ITEM | {"title": "Exam", "lineItem": LINE_ITEM, "window": {"targetName": "_blank"}}


def start(platform: Platform, tool: ScratchTool) -> dict[str, Any]:
    claims = tool.launch(platform, platform.deep_link_url("u-2001"))
    assert claims[LTI + "message_type"] == "LtiDeepLinkingRequest"
    settings: dict[str, Any] = claims[DEEP_LINKING + "deep_linking_settings"]
    return settings


def answer(tool: ScratchTool, settings: dict[str, Any], token: str) -> requests.Response:
    return tool.http.post(settings["deep_link_return_url"], data={"JWT": token})


def test_chosen_items_become_links(platform: Platform, tool: ScratchTool) -> None:
    settings = start(platform, tool)
    token = tool.sign(tool.content_claims(platform, settings["data"], ITEM, GRADED))
    assert answer(tool, settings, token).status_code == 200
    plain, exam = platform.store.links()[-2:]
    assert (plain.title, plain.target_link_uri, plain.custom, plain.graded) == (
        "Unit 2",
        "http://127.0.0.1:1/unit-2",
        {"block": "b2"},
        False,
    )
    item = platform.line_item(exam)
    assert item
    assert (item.label, item.score_maximum, item.tag) == ("Exam column", 30, "t")
    assert exam.presentation == "window"
    assert answer(tool, settings, token).status_code == 400  # nonce and data are used


def test_nothing_chosen_is_an_answer(platform: Platform, tool: ScratchTool) -> None:
    settings = start(platform, tool)
    token = tool.sign(tool.content_claims(platform, settings["data"], content_items=None))
    assert "Nothing was chosen" in answer(tool, settings, token).text


@every(
    "changes",
    [
        {"iss": "nobody"},
        {"aud": "https://x.example"},
        {"exp": int(time.time()) - 5},
        {"iat": None},
        {"nonce": None},
        {"deployment_id": "2"},
        {"message_type": "LtiResourceLinkRequest"},
        {"version": "1.3"},
        {"data": None},
        {"data": "made-up"},
        {"content_items": {"type": "ltiResourceLink"}},
        {"content_items": [{"type": "link", "url": "https://x.example"}]},
        {"content_items": [ITEM | {"url": "javascript:alert(1)"}]},
        {"content_items": [ITEM | {"custom": {"a": 1}}]},
        {"content_items": [ITEM | {"title": None}]},
        {"content_items": [ITEM | {"lineItem": {"label": "no maximum"}}]},
        {"content_items": [ITEM, GRADED | {"lineItem": {"scoreMaximum": -1}}]},
    ],
)
def test_bad_responses_add_nothing(platform: Platform, tool: ScratchTool, changes: dict[str, Any]) -> None:
    settings, before = start(platform, tool), platform.store.links()
    token = tool.sign(tool.content_claims(platform, settings["data"], ITEM, **changes))
    assert answer(tool, settings, token).status_code == 400
    assert platform.store.links() == before


def test_the_signature_counts(platform: Platform, tool: ScratchTool, other_key: SigningKey) -> None:
    settings = start(platform, tool)
    claims = tool.content_claims(platform, settings["data"], ITEM)
    forged = jwt.encode(claims, other_key.private_key, "RS256", {"kid": tool.key.kid})
    assert answer(tool, settings, forged).status_code == 400
    assert answer(tool, settings, tool.sign(claims)).status_code == 200


def test_only_instructors_pick(platform: Platform, tool: ScratchTool) -> None:
    assert tool.http.get(platform.deep_link_url("u-1001")).status_code == 403
