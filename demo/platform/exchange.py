"""What the services have in common on the wire: media types, strict JSON, pages of a container."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, make_response, request

from demo.platform import strict_json
from demo.platform.answers import Refusal
from demo.platform.emulator import Platform, current_platform


def check_place(platform: Platform, context_id: str) -> None:
    """The request must be for this course. Raises Refusal 404."""
    if context_id != platform.config.context.id and not platform.store.has_context(context_id):
        raise Refusal(404, "no such context", error="not_found")


def check_line_item_query(platform: Platform) -> None:
    """The query that belongs to line item URLs must have been kept. Raises Refusal 404."""
    for name, value in parse_qsl(platform.config.line_item_query):
        if request.args.get(name) != value:
            raise Refusal(404, f"the query of this URL was not kept: {name}", error="not_found")


def check_accept(media_type: str) -> None:
    """The Accept header must name exactly this type. Raises Refusal 406."""
    accepted = [entry.partition(";")[0].strip().lower() for entry in request.headers.get("Accept", "").split(",")]
    if current_platform().config.moodle_lists and accepted != [media_type]:
        raise Refusal(400, f"Accept must be {media_type} and nothing else")
    if media_type not in accepted:
        raise Refusal(406, f"Accept must be {media_type}", error="not_acceptable")


def json_object(media_type: str) -> dict[str, Any]:
    """The body, a JSON object of exactly this type. Raises Refusal 415 or 400."""
    if request.mimetype != media_type:
        raise Refusal(415, f"Content-Type must be {media_type}", error="unsupported_media_type")
    try:
        body = strict_json.loads(request.get_data())
    except ValueError as error:
        raise Refusal(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refusal(400, "the body is not a JSON object")
    return body


def json_answer(body: object, media_type: str, status: int = 200) -> Response:
    """A JSON answer of this type."""
    return make_response(json.dumps(body), status, {"Content-Type": media_type, "Cache-Control": "no-store"})


def page_of(platform: Platform, entries: Sequence[Any]) -> tuple[list[Any], str | None]:
    """The part of a container that limit and cursor ask for, and the Link header to the next one."""
    limit = min(_positive("limit", str(platform.config.page_size)), platform.config.page_size)
    start = _positive("cursor", "P0", prefix="P", least=0)
    part = list(entries[start : start + limit])
    if start + limit >= len(entries):
        return part, None
    # The cursor has a capital letter because some clients change the case of Link headers.
    query = [(name, value) for name, value in parse_qsl(request.query_string.decode()) if name != "cursor"]
    query.append(("cursor", f"P{start + limit}"))
    return part, _link(platform, f"{platform.services_url}{request.path}?{urlencode(query)}")


def _link(platform: Platform, url: str) -> str:
    if not platform.config.moodle_lists:
        return f'<{url}>; rel="next"'
    first, following = (one.replace("&", "&amp;") for one in (request.url, url))
    header = f"<{first}>; rel=\u201cfirst\u201d, <{following}>; rel=\u201cnext\u201d"
    return header.encode().decode("latin-1")  # as it looks where headers are Latin-1


def container(platform: Platform, entries: Sequence[Any], media_type: str) -> Response:
    """One page of a container that is a JSON array."""
    part, link = page_of(platform, entries)
    answer = json_answer(part, media_type)
    if link:
        answer.headers["Link"] = link
    return answer


def _positive(name: str, default: str, prefix: str = "", least: int = 1) -> int:
    text = request.args.get(name, default)
    digits = text.removeprefix(prefix)
    if not text.startswith(prefix) or not digits.isascii() or not digits.isdigit() or int(digits) < least:
        raise Refusal(400, f"{name} is not usable")
    return int(digits)
