"""What an instructor is offered: courses, and the tree below each.

The registration's gate decides first, then whether learners may see the block, then the site's own filter. Everything
comes from the outline's table and the LMS's list of courses; no request reads a course of the LMS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.database import cursors
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.deep_linking import filtering, gate_scope, recent
from lti_1p3_provider.deep_linking.entries import Chooser, CourseEntry, Entry, MessageFacts, Page
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.deep_linking.search import search
from lti_1p3_provider.deep_linking.showing import Shown
from lti_1p3_provider.errors import ContentNotFound, ContentNotOffered, OutlineInPreparation
from lti_1p3_provider.host.listing import CourseCard, CourseChoice
from lti_1p3_provider.outline import tree

__all__ = [
    "Chooser",
    "CourseEntry",
    "Entry",
    "MessageFacts",
    "Page",
    "children",
    "chooser",
    "contents",
    "course",
    "courses",
    "offered",
    "parts",
    "search",
]

COURSES = 50  # in one part of the list
MAX_PARTS = 5  # that are read for one, where the site's filter leaves out most


def chooser(row: DeepLinkingRequest) -> Chooser:
    """Return who chooses in a request."""
    return Chooser(row.deployment.registration, row.deployment_id, row.context_id, row.asked_for)


def courses(who: Chooser, text: str = "", after: str = "") -> Page[CourseEntry]:
    """Return the courses of which the gate opens something. Those that were used recently come first, then the others
    by title.

    ``text``: words that the title or key must have. ``after``: what the part before said. Three queries for any number
    of courses; up to seven if the site's filter leaves out most of them.

    Raises:
        PickerStopped, PickerFilterFailed: see ``filtering``.
    """
    scope = gate_scope.of(who)
    if scope.is_empty:
        return Page()
    keep = filtering.judge(who)
    used = recent.courses(who)
    choice = CourseChoice(scope.everything, scope.orgs, scope.courses, tuple(text.split()[:8]), tuple(used))
    found: list[CourseEntry] = []
    place = cursors.place(after)
    for _ in range(MAX_PARTS):
        cards = host.current().courses.listed(choice, place, COURSES + 1)
        part = cards[:COURSES]
        found += [
            _course_entry(card, card.course_key in used)
            for card in part
            if scope.may_have(card.course_key) and keep(_as_entry(card))
        ]
        place = part[-1].place if len(cards) > COURSES else None
        if place is None or len(found) >= COURSES:
            break
    return Page(tuple(found), cursors.text(place))


def course(who: Chooser, course_key: str) -> Entry:
    """Return the course's own entry, the root of its tree.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed: as ``children``.
    """
    shown = _shown(who, course_key)
    if (found := shown.root()) is None:
        raise ContentNotFound(f"nothing of {course_key} is offered")
    return found


def children(who: Chooser, course_key: str, parent: str | None = None) -> list[Entry]:
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


def parts(who: Chooser, usage_key: str) -> list[Entry]:
    """Return what can be chosen instead of a block: the nearest blocks below it, in order.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed: as ``children``.
    """
    shown = _shown_of(who, usage_key)
    found: list[Entry] = []
    for entry in shown.children(usage_key) or ():
        found += [entry] if entry.choosable else parts(who, entry.usage_key)
    return found


def contents(who: Chooser, usage_key: str) -> tuple[Entry, list[Entry]]:
    """Return a block that is shown, and what learners get with it. For a block that holds units, that is the next level
    only; for others, everything below.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed: as ``children``.
    """
    shown = _shown_of(who, usage_key)
    if (entry := shown.entry(usage_key)) is None:
        raise ContentNotFound(f"{usage_key} is not offered")
    inside = shown.inside(usage_key)
    if entry.block_type in ("course", "chapter", "sequential"):
        inside = [one for one in inside if one.parent == usage_key]
    return entry, inside


def offered(who: Chooser, usage_keys: Sequence[str]) -> list[Entry]:
    """Return the entries of the given blocks, in this order. Everything is checked again.

    Raises:
        ContentNotOffered: some cannot be chosen (any more).
        PickerStopped, PickerFilterFailed: see ``filtering``.
    """
    found: list[Entry] = []
    missing: list[str] = []
    for usage_key in usage_keys:
        shown = _shown_if_any(who, usage_key)
        entry = shown.entry(usage_key) if shown is not None else None
        if entry is None or not entry.choosable:
            missing.append(usage_key)
        else:
            found.append(entry)
    if missing:
        raise ContentNotOffered(missing)
    return found


def _shown(who: Chooser, text: str) -> Shown:
    """Open a course if the gate opens anything in it; otherwise the error is the same as for a course that does not
    exist. A course is read once for each request.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed
    """
    known = who.memo.get(text)
    if isinstance(known, Shown):
        return known
    try:
        course_key = CourseKey.from_string(text)
    except InvalidKeyError as error:
        raise ContentNotFound("a course key that cannot be read") from error
    if not keeps(text):
        raise ContentNotFound("a course key that no database has")
    scope = gate_scope.of(who)
    keep: Callable[[Entry], bool] = filtering.judge(who)
    if not scope.may_have(course_key):
        raise ContentNotFound(f"{course_key} is not within the registration's launch gate")
    who.memo[text] = shown = Shown(who, course_key, tree.of(course_key), keep)
    return shown


def _shown_of(who: Chooser, usage_key: str) -> Shown:
    """Open a block's course.

    Raises:
        ContentNotFound, OutlineInPreparation, PickerStopped, PickerFilterFailed
    """
    try:
        return _shown(who, str(UsageKey.from_string(usage_key).context_key))
    except InvalidKeyError as error:
        raise ContentNotFound("a usage key that cannot be read") from error


def _shown_if_any(who: Chooser, usage_key: str) -> Shown | None:
    """Open a block's course."""
    try:
        return _shown_of(who, usage_key)
    except (ContentNotFound, OutlineInPreparation):
        return None


def _course_entry(card: CourseCard, recently_used: bool) -> CourseEntry:
    key = card.course_key
    run = " ".join(str(part) for part in (getattr(key, "course", ""), getattr(key, "run", "")) if part)
    return CourseEntry(str(key), card.title or str(key), str(key.org or ""), run, recently_used)


def _as_entry(card: CourseCard) -> Entry:
    """Make the entry that the site's filter gets for a course in the list."""
    key = str(card.course_key.make_usage_key("course", "course"))
    return Entry(str(card.course_key), key, None, "course", card.title, has_children=True, course_title=card.title)
