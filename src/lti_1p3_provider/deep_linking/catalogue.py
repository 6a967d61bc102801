"""What an instructor is offered: courses, and the tree below each.

Of everything the registration's gate decides first, then whether learners may see it, then the site's own filter. All
of it comes from the outline's table and from the LMS's list of courses; no request reads a course of the LMS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.deep_linking import cursors, filtering, recent, within
from lti_1p3_provider.deep_linking.entries import Chooser, CourseEntry, Entry, MessageFacts, Page
from lti_1p3_provider.deep_linking.search import search
from lti_1p3_provider.deep_linking.showing import Shown
from lti_1p3_provider.errors import ContentNotFound, ContentNotOffered, OutlineInPreparation
from lti_1p3_provider.host.listing import CourseCard, CourseChoice
from lti_1p3_provider.outline import tree

__all__ = [
    *("Chooser", "CourseEntry", "Entry", "MessageFacts", "Page"),
    *("children", "course", "courses", "offered", "read_keys", "search"),
]

COURSES = 50  # in one part of the list
MOST_PARTS = 5  # that are read for one, where the site's filter leaves out most


def courses(who: Chooser, text: str = "", after: str = "") -> Page[CourseEntry]:
    """Return the courses of which the gate opens something: those that were used recently, then the others by title.

    ``text``: words that title or key must have. ``after``: as the part before says. Three queries, however many courses
    there are; up to seven where the site's filter leaves out most.

    Raises:
        PickerStopped, PickerFilterFailed: see ``filtering``.
    """
    scope = within.of(who)
    if scope.is_empty:
        return Page()
    keep = filtering.judge(who)
    used = recent.courses(who)
    choice = CourseChoice(scope.everything, scope.orgs, scope.courses, tuple(text.split()[:8]), tuple(used))
    found: list[CourseEntry] = []
    place = cursors.place(after)
    for _ in range(MOST_PARTS):
        cards = host.current().courses.listed(choice, place, COURSES + 1)
        part = cards[:COURSES]
        found += [
            CourseEntry(card.course_key, card.title or str(card.course_key), card.course_key in used)
            for card in part
            if scope.may_have(card.course_key) and keep(_as_entry(card))
        ]
        place = part[-1].place if len(cards) > COURSES else None
        if place is None or len(found) >= COURSES:
            break
    return Page(tuple(found), cursors.text(place))


def course(who: Chooser, course_key: CourseKey) -> Entry:
    """Return the course's own entry, the root of its tree.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed: as ``children``.
    """
    shown = _shown(who, course_key)
    if (found := shown.root()) is None:
        raise ContentNotFound(f"nothing of {course_key} is offered")
    return found


def children(who: Chooser, course_key: CourseKey, parent: UsageKey | None = None) -> list[Entry]:
    """Return what is shown below a block, in the course's order; below the course's own where ``parent`` is None.

    Raises:
        ContentNotFound: course or block do not exist, or nothing of them is offered.
        OutlineInPreparation: nobody has written down what is in the course; a worker does so now.
        PickerStopped, PickerFilterFailed: see ``filtering``.
    """
    shown = _shown(who, course_key)
    found = shown.children(parent)
    if found is None:
        raise ContentNotFound(f"{parent or course_key} is not offered")
    return found


def offered(who: Chooser, usage_keys: Sequence[UsageKey]) -> list[Entry]:
    """Return the entries of blocks that can be chosen, in the given order; all is decided anew.

    Raises:
        ContentNotOffered: some cannot be chosen (any more); ``titles`` names them.
        PickerStopped, PickerFilterFailed: see ``filtering``.
    """
    shown: dict[CourseKey, Shown | None] = {}
    found: list[Entry] = []
    missing: list[UsageKey] = []
    for usage_key in usage_keys:
        course_key = usage_key.course_key
        if course_key not in shown:
            shown[course_key] = _shown_if_any(who, course_key)
        one = shown[course_key]
        entry = one.entry(usage_key) if one is not None else None
        if entry is None or not entry.choosable:
            missing.append(usage_key)
        else:
            found.append(entry)
    if missing:
        names = [f"{key.block_type} {key.block_id}" for key in missing]
        raise ContentNotOffered("; ".join(map(str, missing))[:1000], names)
    return found


def read_keys(texts: Sequence[str]) -> list[UsageKey]:
    """Return the usage keys of a form.

    Raises:
        ContentNotOffered: one of them is none.
    """
    try:
        return [UsageKey.from_string(text) for text in texts]
    except InvalidKeyError as error:
        raise ContentNotOffered("a usage key that cannot be read") from error


def _shown(who: Chooser, course_key: CourseKey) -> Shown:
    """Open a course, if the gate opens anything in it; else it says no more than of one that does not exist.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed
    """
    scope = within.of(who)
    keep: Callable[[Entry], bool] = filtering.judge(who)
    if not scope.may_have(course_key):
        raise ContentNotFound(f"{course_key} is not within the registration's launch gate")
    return Shown(who, course_key, tree.of(course_key), keep)


def _shown_if_any(who: Chooser, course_key: CourseKey) -> Shown | None:
    try:
        return _shown(who, course_key)
    except (ContentNotFound, OutlineInPreparation):
        return None


def _as_entry(card: CourseCard) -> Entry:
    """Make what the site's filter gets of a course in the list."""
    key = card.course_key.make_usage_key("course", "course")
    return Entry(card.course_key, key, None, "course", card.title, has_children=True, course_title=card.title)
