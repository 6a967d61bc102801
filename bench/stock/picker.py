"""The picker as tools of other projects have it: one page with the whole tree of every course, and a search that looks
into each title. To its advantage it reads our table of blocks, where others walk the LMS's store of courses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.lineitem import LineItem
from pylti1p3.registration import Registration

from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock

MAX_FOUND = 30


def whole_page(courses: int) -> str:
    """Return the page with the trees of the first so many courses: a box to tick for each block."""
    return "".join(_lines(courses))


def _lines(courses: int) -> Iterator[str]:
    yield "<form method='post'><ul>"
    for outline in CourseOutline.objects.order_by("title")[:courses]:
        yield f"<li>{escape(outline.title)}<ul>"
        for block in outline.blocks.order_by("position").iterator():
            name = escape(block.usage_key)
            yield f"<li><input type='checkbox' name='b' value='{name}' id='{name}'>"
            yield f"<label for='{name}'>{escape(block.title)} ({block.block_type})</label></li>"
        yield "</ul></li>"
    yield "</ul></form>"


def search(text: str) -> list[str]:
    """Return titles that have the text, the usual way."""
    found = OutlineBlock.objects.filter(title__icontains=text).order_by("title")
    return [block.title for block in found[:MAX_FOUND]]


def answer(registration: Registration, keys: Sequence[str], address: str, return_url: str) -> str:
    """Return the form with the signed answer, as PyLTI1p3's documentation shows it."""
    resources = []
    for key in keys:
        column = LineItem().set_tag("score").set_score_maximum(1).set_label("Problem").set_resource_id(key)
        link = DeepLinkResource().set_url(address + key).set_title("Problem").set_custom_params({"openedx_target": key})
        resources.append(link.set_lineitem(column))
    settings = {"deep_link_return_url": return_url, "data": "state"}
    return DeepLink(registration, "1", settings).output_response_form(resources)  # type: ignore[arg-type]
