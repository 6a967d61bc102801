"""Content items, read as strictly as the strictest of platforms do (Deep Linking 2.0, 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from demo.platform.config import Link, Tool
from demo.platform.dialogs import PendingSelection
from demo.platform.strict_json import is_number
from demo.platform.tool_jwt import ToolJwtError

MAX_LENGTH = {"title": 255, "url": 500}
OBJECTS = ("iframe", "window", "icon", "thumbnail", "available", "submission")


@dataclass(frozen=True)
class Choice:
    """A content item as a link of this course, and its line item's label."""

    link: Link
    label: str


def choices(tool: Tool, pending: PendingSelection, items: object) -> list[Choice]:
    """What was chosen. Raises ToolJwtError if any of it is not as it was asked for."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ToolJwtError("content_items is not a list of objects")
    accepted = pending.settings["accept_types"]
    if refused := [item.get("type") for item in items if item.get("type") not in accepted]:
        raise ToolJwtError(f"the type {refused[0]!r} is not accepted")
    if len(items) > 1 and not pending.settings.get("accept_multiple"):
        raise ToolJwtError("several items, but one is accepted")
    return [_choice(tool, pending, item) for item in items]


def _choice(tool: Tool, pending: PendingSelection, item: dict[str, Any]) -> Choice:
    _check_members(item)
    title, text, url = (_text(item, name) for name in ("title", "text", "url"))
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc):
        raise ToolJwtError("url is not absolute")
    if item["type"] == "link" and not url:
        raise ToolJwtError("a link has no url")
    custom = _object(item, "custom")
    if not all(isinstance(value, str) and not set(value) & set("\r\n") for value in custom.values()):
        raise ToolJwtError("custom values are not all text in one line")
    line_item = _line_item(pending, item)
    _check_places(pending, item)
    link = Link(
        title=title or tool.title,
        description=text,
        client_id=tool.client_id,
        target_link_uri=url or tool.redirect_uris[0],
        graded=bool(line_item) and pending.grades,
        score_maximum=line_item.get("scoreMaximum", 100),
        presentation="window" if "window" in item and "iframe" not in item else "iframe",
        custom=custom,
        resource_id=_text(line_item, "resourceId"),
        tag=_text(line_item, "tag"),
        plain=item["type"] == "link",
    )
    return Choice(link, title if pending.dialog.like == "moodle" else _text(line_item, "label"))


def _line_item(pending: PendingSelection, item: dict[str, Any]) -> dict[str, Any]:
    line_item = _object(item, "lineItem")
    if line_item and pending.settings.get("accept_lineitem") is False:
        raise ToolJwtError("lineItem is not accepted")
    maximum = line_item.get("scoreMaximum", 0)
    if not is_number(maximum) or (line_item and maximum <= 0):
        raise ToolJwtError("lineItem.scoreMaximum is not a number greater than 0")
    return line_item


def _check_places(pending: PendingSelection, item: dict[str, Any]) -> None:
    """Sizes, dates, and where the item is to be shown."""
    for name in OBJECTS:
        _object(item, name)
    targets = pending.settings["accept_presentation_document_targets"]
    for name in ("iframe", "window"):
        if name in item and name not in targets:
            raise ToolJwtError(f"{name} is not accepted")
        sizes = [item.get(name, {}).get(side, 1) for side in ("width", "height")]
        if not all(is_number(size) and size > 0 for size in sizes):
            raise ToolJwtError(f"{name} has a size that is none")
    for name in ("available", "submission"):
        for value in _object(item, name).values():
            if not isinstance(value, str) or _instant(value).tzinfo is None:
                raise ToolJwtError(f"{name} is no time with a zone")


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise ToolJwtError(f"{text} is no time") from error


def _check_members(value: Any, where: str = "item") -> None:
    """Moodle fails at empty and null members."""
    if value is None or value == "" or value == [] or value == {}:
        raise ToolJwtError(f"{where} is empty")
    for name, limit in MAX_LENGTH.items():
        if isinstance(value, dict) and len(str(value.get(name, ""))) > limit:
            raise ToolJwtError(f"{where}.{name} has more than {limit} characters")
    inner: Iterable[tuple[object, Any]]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, one in inner:
        _check_members(one, f"{where}.{place}")


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
