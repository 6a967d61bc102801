"""What the page's script asks for: parts of the page in JSON, made with the same templates.

If what is asked for is not available, that is JSON, too, with a sentence. Any other refusal is a page; the script then
sends its form, so that the person sees that page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string

from lti_1p3_provider.deep_linking import catalogue, lines, previews
from lti_1p3_provider.deep_linking.accepted import accepted
from lti_1p3_provider.deep_linking.entries import Chooser
from lti_1p3_provider.deep_linking.form import Choosing, read
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.errors import ContentNotFound, OutlineInPreparation, PickerFilterFailed, PickerStopped
from lti_1p3_provider.outline.type_names import type_name

TEMPLATES = "lti_1p3_provider/deep_linking"
SAID = (ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed)
Fragment = Callable[[HttpRequest, Chooser, Choosing], Mapping[str, Any]]


def answer(request: HttpRequest, row: DeepLinkingRequest, make: Fragment) -> JsonResponse:
    """Return a part of the page, or a sentence about what is asked for."""
    who = catalogue.chooser(row)
    try:
        return JsonResponse(make(request, who, read(request.POST, 1)))
    except SAID as error:
        said = {"error": str(error.title), "advice": str(error.advice)}
        return JsonResponse(said, status=error.status)


def tree(request: HttpRequest, who: Chooser, choosing: Choosing) -> Mapping[str, Any]:
    """Return what is below a ``parent``, the tree of a ``course``, or the next courses; or which blocks are the parts
    of a block.

    Raises: as ``catalogue`` does.
    """
    if choosing.apart:
        parts = catalogue.parts(who, choosing.apart)
        made = [{"key": one.usage_key, "title": one.title, "type": type_name(one.block_type)} for one in parts]
        return {"items": made}
    if parent := request.POST.get("parent", ""):
        return _html(request, who, {"lines": lines.below(who, choosing, parent), "kind": "tree"})
    if choosing.course:
        return _html(request, who, {"lines": lines.tree(who, choosing)[1], "kind": "tree"})
    courses = catalogue.courses(who, after=choosing.after)
    return _html(request, who, {"courses": courses.rows, "kind": "courses"}) | {"after": courses.after}


def search(request: HttpRequest, who: Chooser, choosing: Choosing) -> Mapping[str, Any]:
    """Return what a search finds: courses by their names, then content.

    Raises: as ``catalogue`` does.
    """
    found = lines.results(who, choosing)
    courses: tuple[Any, ...] = ()
    if choosing.text and not (choosing.after or choosing.block_type or choosing.graded or choosing.course):
        courses = catalogue.courses(who, choosing.text).rows[:5]
    made = _html(request, who, {**found, "courses": courses})
    return made | {"after": found["after"], "count": len(found["lines"]) + len(courses)}


def preview(request: HttpRequest, who: Chooser, choosing: Choosing) -> Mapping[str, Any]:
    """Return the preview of a block.

    Raises: as ``catalogue`` does.
    """
    return _html(request, who, {"preview": previews.of(who, choosing.preview)}, "preview.html")


def _html(request: HttpRequest, who: Chooser, shown: Mapping[str, Any], template: str = "list.html") -> dict[str, Any]:
    takes = accepted(who.message)
    return {"html": render_to_string(f"{TEMPLATES}/{template}", {**shown, "accepted": takes}, request)}
