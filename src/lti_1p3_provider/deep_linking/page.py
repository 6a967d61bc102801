"""The page on which somebody chooses. It works without scripts: all of it is one form, whose buttons go back and forth.

The form carries what is chosen, in its order, from page to page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.deep_linking import catalogue
from lti_1p3_provider.deep_linking.accepted import MOST, accepted
from lti_1p3_provider.deep_linking.entries import Chooser, Entry
from lti_1p3_provider.deep_linking.items import type_name
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.errors import ContentNotFound, ContentNotOffered, LtiError, OutlineInPreparation
from lti_1p3_provider.registrations.framing import frame_for

TYPES = ("sequential", "vertical", "problem", "html", "video")
LONGEST_SEARCH = 200
MOST_CARRIED = 2 * MOST  # more is told to be too much


@dataclass(frozen=True, slots=True)
class Choosing:
    """Where somebody is, and what they chose so far: usage keys, in order. ``lost`` is what was chosen and is not
    offered any more."""

    course: str = ""
    open: tuple[str, ...] = ()
    text: str = ""
    block_type: str = ""
    graded: bool = False
    after: str = ""
    chosen: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A block on the page, with those below it if it is open."""

    entry: Entry
    type: str
    is_chosen: bool
    is_open: bool
    below: Sequence[Line] = ()


def read(form: QueryDict, most: int) -> Choosing:
    """Read the form, and do what its button says.

    Ticks count whichever button was pressed. Where one item is taken, the newest tick replaces the one before. A text
    that no database keeps is none.
    """
    chosen = _words(form, "chosen")
    ticked, shown = _words(form, "pick"), set(_words(form, "shown"))
    chosen = [key for key in chosen if key not in shown or key in ticked]
    chosen += [key for key in ticked if key not in chosen]
    if most == 1:
        chosen = (ticked or chosen)[-1:]
    chosen = _moved(chosen, form)
    opened = _words(form, "open")
    for key in _words(form, "toggle"):
        opened = [one for one in opened if one != key] if key in opened else [*opened, key]
    text = " ".join(form.get("q", "").split())[:LONGEST_SEARCH]
    if "clear" in form or "go" in form:
        text = ""
    course = form.get("go", form.get("course", ""))
    return Choosing(
        course=course if _is_course(course) else "",
        open=tuple(opened),
        text=text if keeps(text) else "",
        block_type=form.get("type", "") if form.get("type") in TYPES else "",
        graded=form.get("graded") == "1",
        after=form.get("after", ""),
        chosen=tuple(chosen[:MOST_CARRIED]),
    )


def first(request: HttpRequest, row: DeepLinkingRequest, token: str) -> HttpResponse:
    """Return the page as it is in the beginning."""
    return show(request, row, token, Choosing())


def show(
    request: HttpRequest,
    row: DeepLinkingRequest,
    token: str,
    choosing: Choosing,
    error: LtiError | None = None,
    support_code: str = "",
) -> HttpResponse:
    """Return the page, with what was refused if there is an ``error``. What is not offered any more is taken out of the
    choice and named."""
    who = catalogue.chooser(row)
    takes = accepted(who.message)
    chosen, choosing = still_offered(who, choosing)
    found, trouble = _found_or_courses(who, choosing)
    about = {
        "token": token,
        "message": who.message,
        "accepted": takes,
        "choosing": choosing,
        "chosen": [{"entry": entry, "type": type_name(entry.block_type)} for entry in chosen],
        "types": [{"value": one, "label": type_name(one)} for one in TYPES],
        "error": error,
        "support_code": support_code,
        "trouble": trouble,
        "lost": [_named(key) for key in choosing.lost],
        **found,
    }
    page = render(request, "lti_1p3_provider/deep_linking/pick.html", about, status=error.status if error else 200)
    add_never_cache_headers(page)
    return frame_for(page, who.registration)


def _found_or_courses(who: Chooser, choosing: Choosing) -> tuple[Mapping[str, Any], LtiError | None]:
    """Return what the page lists; where a course cannot be shown (now), all courses, and why."""
    try:
        return _found(who, choosing), None
    except (ContentNotFound, OutlineInPreparation) as error:
        return _found(who, Choosing()), error


def _found(who: Chooser, choosing: Choosing) -> Mapping[str, Any]:
    """Return what the page lists: results of a search, a course's tree, or courses."""
    if choosing.text:
        graded = True if choosing.graded else None
        found = catalogue.search(
            who,
            choosing.text,
            course_key=choosing.course or None,
            block_type=choosing.block_type,
            graded=graded,
            after=choosing.after,
        )
        return _listed([_line(entry, choosing) for entry in found.rows], "results", found.after)
    if choosing.course:
        return _listed(_tree(who, choosing), "tree", "")
    courses = catalogue.courses(who, after=choosing.after)
    return {"courses": courses.rows, "after": courses.after, "kind": "courses", "shown": ""}


def _listed(lines: Sequence[Line], kind: str, after: str) -> Mapping[str, Any]:
    return {"lines": lines, "after": after, "kind": kind, "shown": " ".join(_keys(lines))}


def _tree(who: Chooser, choosing: Choosing) -> list[Line]:
    """Return the course itself and its sections; below, what is open."""
    whole = replace(_line(catalogue.course(who, choosing.course), choosing), is_open=False)
    return [whole, *_below(who, choosing, None)]


def _below(who: Chooser, choosing: Choosing, parent: str | None) -> list[Line]:
    lines = [_line(entry, choosing) for entry in catalogue.children(who, choosing.course, parent)]
    return [
        replace(line, below=_below(who, choosing, line.entry.usage_key)) if line.is_open else line for line in lines
    ]


def _line(entry: Entry, choosing: Choosing) -> Line:
    is_open = entry.block_type == "chapter" or entry.usage_key in choosing.open
    chosen = entry.usage_key in choosing.chosen
    return Line(entry, type_name(entry.block_type), chosen, is_open and entry.has_children)


def still_offered(who: Chooser, choosing: Choosing) -> tuple[list[Entry], Choosing]:
    """Return what was chosen and is offered now, and the choice without the rest, which is ``lost``."""
    try:
        return catalogue.offered(who, choosing.chosen), choosing
    except ContentNotOffered as error:
        kept = tuple(key for key in choosing.chosen if key not in error.usage_keys)
        lost = (*choosing.lost, *(key for key in choosing.chosen if key in error.usage_keys))
        return catalogue.offered(who, kept), replace(choosing, chosen=kept, lost=lost)


def _named(usage_key: str) -> str:
    """Name a block that is not offered: its title might say too much."""
    try:
        key = UsageKey.from_string(usage_key)
    except InvalidKeyError:
        return usage_key[:LONGEST_SEARCH]
    return f"{type_name(str(key.block_type))} {key.block_id}"


def _keys(lines: Iterable[Line]) -> Iterable[str]:
    for line in lines:
        if line.entry.choosable:
            yield line.entry.usage_key
        yield from _keys(line.below)


def _moved(chosen: list[str], form: QueryDict) -> list[str]:
    """Let a button take one out, or move it up or down."""
    gone = form.get("remove", "")
    moved = [key for key in chosen if key != gone]
    for button, step in (("up", -1), ("down", 1)):
        key = form.get(button, "")
        if key in moved:
            place = moved.index(key)
            moved.remove(key)
            moved.insert(max(0, place + step), key)
    return moved


def _words(form: QueryDict, name: str) -> list[str]:
    """Return keys: a field has several, between blanks, or comes several times. Each once."""
    return list(dict.fromkeys(" ".join(form.getlist(name)).split()))


def _is_course(text: str) -> bool:
    try:
        CourseKey.from_string(text)
    except InvalidKeyError:
        return False
    return True
