"""Line items (Assignment and Grade Services 2.0, 3.2). A tool sees only its own."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from demo.platform import exchange
from demo.platform.answers import Refusal
from demo.platform.emulator import AccessToken, Platform, current_platform
from demo.platform.store import LineItem
from demo.platform.strict_json import is_number
from demo.platform.tokens import require
from demo.platform.vocabulary import LINE_ITEM_TYPE, LINE_ITEMS_TYPE, SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ

blueprint = Blueprint("ags", __name__)
CONTAINER = "/api/contexts/<context_id>/line_items"
FIELDS = ("id", "label", "scoreMaximum", "resourceId", "tag", "resourceLinkId")


@blueprint.route(CONTAINER, methods=["GET", "POST"])
def line_items(context_id: str) -> Response:
    """List with filters, or create."""
    platform = current_platform()
    reading = request.method in ("GET", "HEAD")
    access = require(SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ) if reading else require(SCOPE_LINE_ITEM)
    exchange.check_place(platform, context_id)
    exchange.check_line_item_query(platform)
    if reading:
        exchange.check_accept(LINE_ITEMS_TYPE)
        here = [item for item in platform.store.line_items() if platform.context(item.context_id).id == context_id]
        found = [item for item in here if _matches(item, access)]
        return exchange.container(platform, [as_json(platform, item) for item in found], LINE_ITEMS_TYPE)
    body = exchange.json_object(LINE_ITEM_TYPE)
    item = replace(_from_json(platform, access, body, platform.store.next_id("Item")), context_id=context_id)
    platform.store.put_line_item(item)
    answer = exchange.json_answer(as_json(platform, item), LINE_ITEM_TYPE, 201)
    answer.headers["Location"] = platform.line_item_url(item)
    return answer


@blueprint.route(f"{CONTAINER}/<item_id>", methods=["GET", "PUT", "DELETE"])
def line_item(context_id: str, item_id: str) -> Response:
    """Read, replace or delete one."""
    platform = current_platform()
    reading = request.method in ("GET", "HEAD")
    access = require(SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READ) if reading else require(SCOPE_LINE_ITEM)
    item = own_line_item(platform, access, context_id, item_id)
    if request.method == "DELETE":
        platform.store.delete_line_item(item.id)
        return Response(status=204)
    if request.method == "PUT":
        body = exchange.json_object(LINE_ITEM_TYPE)
        if body.get("id", platform.line_item_url(item)) != platform.line_item_url(item):
            raise Refusal(400, "id is another line item's")
        changed = _from_json(platform, access, body, item.id)
        item = replace(changed, resource_link_id=item.resource_link_id, context_id=item.context_id)
        platform.store.put_line_item(item)
    else:
        exchange.check_accept(LINE_ITEM_TYPE)
    return exchange.json_answer(as_json(platform, item), LINE_ITEM_TYPE)


def own_line_item(platform: Platform, access: AccessToken, context_id: str, item_id: str) -> LineItem:
    """The line item of this request's path, if it is the tool's. Raises Refusal 404."""
    exchange.check_place(platform, context_id)
    exchange.check_line_item_query(platform)
    item = platform.store.line_item(item_id)
    if item is None or item.client_id != access.client_id or platform.context(item.context_id).id != context_id:
        raise Refusal(404, "no such line item", error="not_found")
    return item


def as_json(platform: Platform, item: LineItem) -> dict[str, Any]:
    """A line item as the specification writes it; empty fields are left out."""
    optional = {"resourceId": item.resource_id, "tag": item.tag, "resourceLinkId": item.resource_link_id}
    return {
        **item.extra,
        "id": platform.line_item_url(item),
        "label": item.label,
        "scoreMaximum": item.score_maximum,
        **{name: value for name, value in optional.items() if value},
    }


def _matches(item: LineItem, access: AccessToken) -> bool:
    values = {"resource_id": item.resource_id, "resource_link_id": item.resource_link_id, "tag": item.tag}
    ignored = current_platform().config.ignore_filters
    wanted = {} if ignored else {name: request.args[name] for name in values if name in request.args}
    return item.client_id == access.client_id and all(values[name] == value for name, value in wanted.items())


def _from_json(platform: Platform, access: AccessToken, body: dict[str, Any], item_id: str) -> LineItem:
    maximum: Any = body.get("scoreMaximum")
    if not is_number(maximum) or maximum <= 0:
        raise Refusal(400, "scoreMaximum must be a number greater than 0")
    texts = {name: body.get(name, "") for name in ("label", "resourceId", "tag", "resourceLinkId")}
    for name, value in texts.items():
        if not isinstance(value, str) or len(value) > (512 if name == "resourceId" else 255):
            raise Refusal(400, f"{name} is not text or too long")
    if not texts["label"].strip():
        raise Refusal(400, "label is missing")
    if texts["resourceLinkId"] and not platform.config.link_in_line_items:
        raise Refusal(400, "resourceLinkId is for the platform to say")
    link = platform.store.link(texts["resourceLinkId"])
    if texts["resourceLinkId"] and (link is None or link.client_id != access.client_id):
        raise Refusal(404, "resourceLinkId is no link of this tool", error="not_found")
    return LineItem(
        id=item_id,
        client_id=access.client_id,
        label=texts["label"],
        score_maximum=maximum,
        resource_id=texts["resourceId"],
        tag=texts["tag"],
        resource_link_id=texts["resourceLinkId"],
        extra={name: value for name, value in body.items() if name not in FIELDS},
    )
