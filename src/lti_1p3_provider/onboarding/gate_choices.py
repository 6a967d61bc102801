"""What a launch gate can name: courses, which are searched and listed in parts, organizations, and blocks.

People who may register platforms may name anything, so no gate narrows this. No request reads a course of the LMS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.utils.translation import gettext as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.database import cursors
from lti_1p3_provider.errors import ContentNotFound
from lti_1p3_provider.host.listing import CourseChoice
from lti_1p3_provider.outline import find, tree
from lti_1p3_provider.outline.type_names import type_name

COURSES = 20  # in one part of the list
ORGS = 10
MAX_WORDS = 8
MAX_FIRST = 50  # courses, or blocks, that stand first because they are chosen
WHOLE = frozenset(("course", *find.NO_PAGE))  # types of blocks that a gate does not name by themselves


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list. ``field``: the gate's list that it goes into, empty for what cannot be chosen."""

    key: str
    title: str
    kind: str
    field: str
    has_children: bool = False
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the gate names now, as far as the page says. Text that is no key is left out."""

    courses: Sequence[str] = ()
    orgs: Sequence[str] = ()
    blocks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the list: organizations, chosen blocks, and courses. ``after`` asks for the next part; it is empty
    after the last."""

    orgs: Sequence[Choice] = ()
    blocks: Sequence[Choice] = ()
    courses: Sequence[Choice] = ()
    after: str = ""


def listed(text: str, after: str = "", chosen: Chosen | None = None) -> Part:
    """Return courses, by title, whose title or key has all words of ``text``, and organizations whose name has the
    text.

    What is chosen already comes first. Three queries at most.
    """
    chosen, words = chosen or Chosen(), tuple(text.split()[:MAX_WORDS])
    picked = list(_course_keys(chosen.courses))
    choice = CourseChoice(everything=True, words=words, first=tuple(picked[:MAX_FIRST]))
    cards = host.current().courses.listed(choice, cursors.place(after), COURSES + 1)
    rows = [
        Choice(key, card.title or key, _("Course"), "allowed_courses", True, key in chosen.courses)
        for card in cards[:COURSES]
        if (key := str(card.course_key))
    ]
    place = cards[COURSES - 1].place if len(cards) > COURSES else None
    if after:
        return Part(courses=rows, after=cursors.text(place))
    known = [str(card.course_key.org) for card in cards[:COURSES]]
    blocks = [] if words else list(_chosen_blocks(chosen.blocks[:MAX_FIRST]))
    return Part(list(_orgs(text.strip(), known, chosen.orgs)), blocks, rows, cursors.text(place))


def _course_keys(texts: Iterable[str]) -> Iterator[CourseKey]:
    for text in texts:
        with suppress(InvalidKeyError):
            yield CourseKey.from_string(text)


def _orgs(text: str, of_courses: Iterable[str], chosen: Sequence[str]) -> Iterator[Choice]:
    """Yield organizations: the chosen ones, those whose name has the text, and those of the first courses in the
    list."""
    named = [name for name in (*of_courses, *find.organizations(text, ORGS)) if text.casefold() in name.casefold()]
    for name in dict.fromkeys([*(chosen if not text else ()), *sorted(set(named), key=str.casefold)[:ORGS]]):
        title = _("All courses of %s") % name
        yield Choice(name, title, _("Organization"), "allowed_orgs", is_chosen=name in chosen)


def _chosen_blocks(usage_keys: Sequence[str]) -> Iterator[Choice]:
    titles = find.titles(usage_keys) if usage_keys else {}
    for text in usage_keys:
        with suppress(InvalidKeyError):
            key = UsageKey.from_string(text)
            kind = f"{type_name(str(key.block_type))} · {key.context_key}"
            yield Choice(text, titles.get(text, text), kind, "allowed_keys", is_chosen=True)


def blocks(course_key: str, below: str = "", chosen: Iterable[str] = ()) -> list[Choice]:
    """Return the blocks below one of a course, in its order; below the course itself, its sections.

    Raises:
        ContentNotFound: there is no such course or block.
        OutlineInPreparation: nobody has written down what is in the course; a worker does so now.
    """
    try:
        shown = tree.of(CourseKey.from_string(course_key))
    except InvalidKeyError as error:
        raise ContentNotFound("no course key") from error
    root = shown.root()
    position = shown.places.get(below) if below else root.position if root else None
    if position is None:
        raise ContentNotFound(f"{below or course_key} is not there")
    picked = frozenset(chosen)
    return [
        Choice(
            key=row.usage_key,
            title=row.title,
            kind=type_name(row.block_type),
            field="" if row.block_type in WHOLE else "allowed_keys",
            has_children=bool(shown.children(row.position)),
            is_chosen=row.usage_key in picked,
        )
        for row in shown.children(position)
    ]
