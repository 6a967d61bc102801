"""The way back from a tool's content picker (Deep Linking 2.0, 4.5)."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from demo.platform.answers import Refusal, single_values
from demo.platform.config import Link, Tool
from demo.platform.content_items import Choice, choices
from demo.platform.dialogs import TICKETS, PendingSelection
from demo.platform.emulator import Platform, current_platform
from demo.platform.tool_jwt import ToolJwtError, audiences, check_times, unverified_claims
from demo.platform.vocabulary import DEEP_LINKING, DEEP_LINKING_RESPONSE, LTI

blueprint = Blueprint("deep_linking", __name__)
LOGGED = ("msg", "errormsg", "log", "errorlog")


@dataclass(frozen=True)
class Selection:
    """An answer that was taken: its claims, and the links that it made."""

    claims: dict[str, Any]
    links: tuple[Link, ...]


@blueprint.post("/deep-linking/return")
def receive() -> Response:
    """Verify the response and add what was chosen to the course, all of it or nothing."""
    platform = current_platform()
    form = single_values(request.form)
    try:
        if set(form) != {"JWT"}:
            raise ToolJwtError("the form has not just the field JWT")
        tool, claims = verified(platform, form["JWT"])
        ticket = next((request.args[name] for name in TICKETS.values() if name in request.args), "")
        pending = _pending(platform, tool, ticket, claims)
        chosen = choices(tool, pending, claims.get(DEEP_LINKING + "content_items", []))
        _redeem(platform, tool, ticket, claims)
    except ToolJwtError as error:
        raise Refusal(400, f"The answer of the tool was refused: {error}.") from error
    links = tuple(_placed(platform, choice) for choice in chosen)
    platform.selections.append(Selection(claims, links))
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
    for name in LOGGED:
        if (name := DEEP_LINKING + name) in claims and not (isinstance(claims[name], str) and claims[name]):
            raise ToolJwtError(f"{name} is no text")
    return tool, claims


def _pending(platform: Platform, tool: Tool, ticket: str, claims: dict[str, Any]) -> PendingSelection:
    """The request that is answered; its data comes back as it was, and none comes where none was."""
    pending = platform.pending_selections.peek(ticket, platform.now)
    if pending is None or pending.client_id != tool.client_id:
        raise ToolJwtError("the return address is not that of an open request")
    name, sent = DEEP_LINKING + "data", pending.settings.get("data")
    if sent is None and name in claims:
        raise ToolJwtError("data came back, but none was sent")
    if claims.get(name) != sent:
        raise ToolJwtError("data is not that of an open request")
    return pending


def _redeem(platform: Platform, tool: Tool, ticket: str, claims: dict[str, Any]) -> None:
    """Use up the nonce and the request."""
    if not platform.seen_nonces.first_use((tool.client_id, claims["nonce"])):
        raise ToolJwtError("nonce was used before")
    if platform.pending_selections.redeem(ticket, platform.now) is None:
        raise ToolJwtError("the return address is not that of an open request")


def _placed(platform: Platform, choice: Choice) -> Link:
    return platform.add_link(choice.link, choice.label)
