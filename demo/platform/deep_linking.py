"""The way back from a tool's content picker (Deep Linking 2.0, 4.5)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request

from demo.platform.answers import Refusal, single_values
from demo.platform.config import Link, Tool
from demo.platform.emulator import Platform, current_platform
from demo.platform.strict_json import is_number
from demo.platform.tool_jwt import ToolJwtError, audiences, check_times, unverified_claims
from demo.platform.vocabulary import DEEP_LINKING, DEEP_LINKING_RESPONSE, LTI

blueprint = Blueprint("deep_linking", __name__)


@dataclass(frozen=True)
class Choice:
    """A content item as a link of this course, and its line item's label."""

    link: Link
    label: str


@blueprint.post("/deep-linking/return")
def receive() -> Response:
    """Verify the response and add what was chosen to the course, all of it or nothing."""
    platform = current_platform()
    token = single_values(request.form).get("JWT", "")
    try:
        tool, claims = verified(platform, token)
        choices = [_choice(tool, item) for item in _items(claims)]
        _redeem(platform, tool, claims)
    except ToolJwtError as error:
        raise Refusal(400, f"The answer of the tool was refused: {error}.") from error
    links = [platform.add_link(choice.link, choice.label) for choice in choices]
    said = {name: claims.get(DEEP_LINKING + name) for name in ("msg", "errormsg")}
    page = render_template("chosen.html", title="Content chosen", links=links, said=said)
    return make_response(page, 200, {"Cache-Control": "no-store"})


def verified(platform: Platform, token: str) -> tuple[Tool, dict[str, Any]]:
    """The tool that signed the response, and its claims, checked but for data and items. Raises ToolJwtError."""
    tool = platform.store.tool(str(unverified_claims(token).get("iss")))
    if tool is None:
        raise ToolJwtError("iss is not a client_id known here")
    claims = platform.tool_keys.claims(tool, token)
    if claims.get("iss") != tool.client_id:
        raise ToolJwtError("iss is not the client_id")
    if platform.issuer not in audiences(claims):
        raise ToolJwtError("aud does not contain the issuer")
    check_times(claims, platform.now.timestamp())
    fixed = {"message_type": DEEP_LINKING_RESPONSE, "version": "1.3.0", "deployment_id": tool.deployment_id}
    for name, value in fixed.items():
        if claims.get(LTI + name) != value:
            raise ToolJwtError(f"{name} is not {value}")
    if not isinstance(claims.get("nonce"), str) or not claims["nonce"]:
        raise ToolJwtError("nonce is missing")
    return tool, claims


def _redeem(platform: Platform, tool: Tool, claims: dict[str, Any]) -> None:
    """Use up the nonce and the request that data stands for."""
    data = claims.get(DEEP_LINKING + "data")
    pending = platform.pending_selections.peek(data, platform.now) if isinstance(data, str) else None
    if pending is None or pending.client_id != tool.client_id:
        raise ToolJwtError("data is not that of an open request")
    if not platform.seen_nonces.first_use((tool.client_id, claims["nonce"])):
        raise ToolJwtError("nonce was used before")
    if platform.pending_selections.redeem(str(data), platform.now) is None:
        raise ToolJwtError("data is not that of an open request")


def _items(claims: dict[str, Any]) -> list[dict[str, Any]]:
    items = claims.get(DEEP_LINKING + "content_items", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ToolJwtError("content_items is not a list of objects")
    if refused := [item.get("type") for item in items if item.get("type") != "ltiResourceLink"]:
        raise ToolJwtError(f"the type {refused[0]!r} is not accepted")
    return items


def _choice(tool: Tool, item: dict[str, Any]) -> Choice:
    title, text, url = (_text(item, name) for name in ("title", "text", "url"))
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise ToolJwtError("url is not absolute")
    custom = _object(item, "custom")
    if not all(isinstance(value, str) for value in custom.values()):
        raise ToolJwtError("custom values are not all text")
    line_item = _object(item, "lineItem")
    maximum = line_item.get("scoreMaximum", 0)
    if not is_number(maximum) or (line_item and maximum <= 0):
        raise ToolJwtError("lineItem.scoreMaximum is not a number greater than 0")
    for name in ("iframe", "window", "icon", "thumbnail", "available", "submission"):
        _object(item, name)
    link = Link(
        title=title or tool.title,
        description=text,
        client_id=tool.client_id,
        target_link_uri=url or tool.redirect_uris[0],
        graded=bool(line_item),
        score_maximum=maximum,
        presentation="window" if "window" in item and "iframe" not in item else "iframe",
        custom=custom,
        resource_id=_text(line_item, "resourceId"),
        tag=_text(line_item, "tag"),
    )
    return Choice(link, _text(line_item, "label"))


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name, "")
    if not isinstance(value, str):
        raise ToolJwtError(f"{name} is not text")
    return value


def _object(item: dict[str, Any], name: str) -> dict[str, Any]:
    value = item.get(name, {})
    if not isinstance(value, dict):
        raise ToolJwtError(f"{name} is not an object")
    return value
