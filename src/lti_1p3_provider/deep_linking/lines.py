"""What the page lists, line by line: courses, a course's tree, or the results of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import ngettext

from lti_1p3_provider.deep_linking import catalogue
from lti_1p3_provider.deep_linking.entries import Chooser, Entry
from lti_1p3_provider.deep_linking.form import TOUCHED, Choosing
from lti_1p3_provider.outline.type_names import type_name

FEW = 60  # subsections that are shown at once when a course is opened


@dataclass(frozen=True, slots=True)
class Line:
    """A block on the page, with the blocks below it if it is open."""

    entry: Entry
    type: str
    is_chosen: bool = False
    is_open: bool = False
    below: Sequence[Line] = ()

    @property
    def points(self) -> str:
        """What can be earned, in words; empty if nothing."""
        return points(self.entry.points)


def points(number: float | None) -> str:
    """Return ``1 point``, ``2.5 points``; empty if there is nothing to earn."""
    if not number:
        return ""
    exact = f"{number:.2f}".rstrip("0").rstrip(".")
    said = ngettext("%(points)s point", "%(points)s points", 1 if number == 1 else max(2, int(number)))
    return said % {"points": exact}


def found(who: Chooser, choosing: Choosing) -> Mapping[str, Any]:
    """Return what the page lists.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed: as ``catalogue`` says.
    """
    if choosing.searches:
        return results(who, choosing)
    if choosing.course:
        opened, lines = tree(who, choosing)
        return {**_listed(lines, "tree", ""), "open": opened}
    courses = catalogue.courses(who, after=choosing.after)
    return {"courses": courses.rows, "after": courses.after, "kind": "courses", "shown": ""}


def results(who: Chooser, choosing: Choosing) -> Mapping[str, Any]:
    """Return what a search finds.

    Raises:
        PickerStopped, PickerFilterFailed
    """
    page = catalogue.search(
        who,
        choosing.text,
        course_key=choosing.course or None,
        block_type=choosing.block_type,
        graded=True if choosing.graded else None,
        after=choosing.after,
    )
    return _listed([line(entry, choosing) for entry in page.rows], "results", page.after)


def tree(who: Chooser, choosing: Choosing) -> tuple[tuple[str, ...], list[Line]]:
    """Return which blocks are open, and the lines: the course itself if it may be chosen, then its sections. In a small
    course the sections are open at first.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed
    """
    sections = catalogue.children(who, choosing.course)
    if not choosing.open:
        subsections = sum(len(catalogue.children(who, choosing.course, one.usage_key)) for one in sections)
        keys = [one.usage_key for one in sections] if subsections <= FEW else []
        choosing = replace(choosing, open=(TOUCHED, *keys))
    whole = catalogue.course(who, choosing.course)
    first = [replace(line(replace(whole, has_children=False), choosing))] if whole.choosable else []
    return choosing.open, first + [_opened(who, line(one, choosing), choosing) for one in sections]


def below(who: Chooser, choosing: Choosing, parent: str) -> list[Line]:
    """Return the lines below a block.

    Raises: as ``tree`` does.
    """
    children = catalogue.children(who, choosing.course, parent)
    return [_opened(who, line(entry, choosing), choosing) for entry in children]


def line(entry: Entry, choosing: Choosing) -> Line:
    """Return a block's line, without what is below it."""
    return Line(entry, type_name(entry.block_type), entry.usage_key in choosing.chosen)


def _opened(who: Chooser, one: Line, choosing: Choosing) -> Line:
    key = one.entry.usage_key
    if key not in choosing.open or not one.entry.has_children:
        return one
    return replace(one, is_open=True, below=below(who, choosing, key))


def _listed(lines: Sequence[Line], kind: str, after: str) -> Mapping[str, Any]:
    return {"lines": lines, "after": after, "kind": kind, "shown": " ".join(_keys(lines))}


def _keys(lines: Iterable[Line]) -> Iterable[str]:
    for one in lines:
        if one.entry.choosable:
            yield one.entry.usage_key
        yield from _keys(one.below)
