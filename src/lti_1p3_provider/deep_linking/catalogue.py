"""What may be chosen: the gate times the outline, read from the outline's table alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.deep_linking.kept import message_of
from lti_1p3_provider.deep_linking.models import DeepLinkingRequest
from lti_1p3_provider.errors import ContentNotOffered
from lti_1p3_provider.gates import policy
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock
from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import ResourceLink

PAGE = 50
SUMMED = frozenset(("chapter", "sequential", "vertical"))
COURSE_POINTS = 100.0  # a course's grade is sent in percent

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Chooser:
    """Who chooses. ``message`` is what the site's own filter gets; its person is not known."""

    registration: Registration
    deployment_pk: int
    context_pk: int | None
    message: DeepLinkingMessage


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows; ``after`` asks for those that follow, empty if there are none."""

    rows: Sequence[Row]
    after: str = ""


@dataclass(frozen=True, slots=True)
class CourseEntry:
    """A course from which something may be chosen."""

    course_key: str
    title: str
    org: str
    run: str
    recently_used: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A block. ``points``: the maximum that will be sent, None if it has none; ``placed``: the platform's course has it
    already; ``warning``: ``discussion``, ``open_response``, ``frames`` or empty."""

    course_key: str
    usage_key: str
    parent: str | None
    block_type: str
    title: str
    points: float | None
    graded: bool
    due: datetime | None
    start: datetime | None
    depth: int
    has_children: bool
    placed: bool
    warning: str = ""

    @property
    def has_page(self) -> bool:
        """Whether it can be opened, and so be chosen."""
        return self.block_type != "chapter"


def chooser(row: DeepLinkingRequest) -> Chooser:
    """Return who chooses in a request."""
    return Chooser(row.deployment.registration, row.deployment_id, row.context_id, message_of(row.message))


def courses(who: Chooser, text: str = "", after: str = "") -> Page[CourseEntry]:
    """Return courses by title."""
    found = CourseOutline.objects.exclude(version="").filter(title__icontains=text).order_by("title", "pk")
    entries = [_course(row) for row in found]
    offered = [one for one in entries if _opens_some(who, one.course_key)]
    start = int(after) if after.isdigit() else 0
    end = start + PAGE
    return Page(offered[start:end], str(end) if len(offered) > end else "")


def children(who: Chooser, course_key: str, parent: str | None = None) -> list[Entry]:
    """Return the blocks below ``parent``, or below the course, in order."""
    rows = _rows_of(course_key)
    above = parent or str(CourseKey.from_string(course_key).make_usage_key("course", "course"))
    entries = _entries(who, rows)
    return [entry for entry in entries.values() if entry.parent == above]


def search(
    who: Chooser,
    text: str,
    *,
    course_key: str | None = None,
    block_type: str = "",
    graded: bool | None = None,
    after: str = "",
) -> Page[Entry]:
    """Return blocks whose title has the text."""
    found = OutlineBlock.objects.exclude(block_type="course").filter(title__icontains=text, outline__version__gt="")
    if course_key:
        found = found.filter(outline__course_digest=digest(course_key))
    if block_type:
        found = found.filter(block_type=block_type)
    if graded is not None:
        found = found.filter(graded=graded)
    start = int(after) if after.isdigit() else 0
    rows = list(found.select_related("outline").order_by("outline__title", "position", "pk")[start : start + PAGE + 1])
    entries: list[Entry] = []
    for row in rows[:PAGE]:
        whole = _entries(who, _rows_of(row.outline.course_key))
        if entry := whole.get(row.usage_key):
            entries.append(entry)
    return Page(entries, str(start + PAGE) if len(rows) > PAGE else "")


def offered(who: Chooser, usage_keys: Iterable[str]) -> list[Entry]:
    """Return these blocks in this order, as they are now.

    Raises:
        ContentNotOffered: some are not there any more, or not for this platform.
    """
    wanted, found = list(usage_keys), dict[str, Entry]()
    for course_key in {key for one in wanted if (key := _course_of(one))}:
        found |= _entries(who, _rows_of(course_key))
    if missing := [one for one in wanted if one not in found or not found[one].has_page]:
        raise ContentNotOffered(missing)
    return [found[one] for one in wanted]


def _course_of(usage_key: str) -> str:
    try:
        return str(UsageKey.from_string(usage_key).context_key)
    except InvalidKeyError:
        return ""


def _course(row: CourseOutline) -> CourseEntry:
    key = CourseKey.from_string(row.course_key)
    return CourseEntry(row.course_key, row.title or row.course_key, str(key.org), str(key.run))


def _opens_some(who: Chooser, course_key: str) -> bool:
    key = CourseKey.from_string(course_key)
    if policy.opens(who.registration, key, key.make_usage_key("course", "course")):
        return True
    return any(policy.opens(who.registration, key, UsageKey.from_string(row.usage_key)) for row in _rows_of(course_key))


def _rows_of(course_key: str) -> list[OutlineBlock]:
    outline = OutlineBlock.objects.filter(outline__course_digest=digest(course_key), position__isnull=False)
    return list(outline.order_by("position"))


def _entries(who: Chooser, rows: list[OutlineBlock]) -> dict[str, Entry]:
    """Return what the gate opens, by usage key; sections lead to it and are always there."""
    by_position = {row.position: row for row in rows}
    placed = set[str]()
    if who.context_pk is not None:
        links = ResourceLink.objects.filter(context_id=who.context_pk, usage_key__in=[row.usage_key for row in rows])
        placed = set(links.values_list("usage_key", flat=True))
    found: dict[str, Entry] = {}
    for row in rows:
        key = UsageKey.from_string(row.usage_key)
        course_key = key.course_key
        if row.staff_only or not (row.block_type == "chapter" or policy.opens(who.registration, course_key, key)):
            continue
        parent = by_position.get(row.parent)
        found[row.usage_key] = Entry(
            course_key=str(course_key),
            usage_key=row.usage_key,
            parent=parent.usage_key if parent else None,
            block_type=row.block_type,
            title=row.title or str(key.block_id),
            points=_points(row, rows),
            graded=row.graded,
            due=row.due,
            start=row.start,
            depth=len(row.above.split()),
            has_children=any(other.parent == row.position for other in rows),
            placed=row.usage_key in placed,
        )
    return found


def _points(row: OutlineBlock, rows: list[OutlineBlock]) -> float | None:
    if row.block_type == "course":
        return COURSE_POINTS
    if row.block_type not in SUMMED:
        return row.points or None
    name = row.usage_key.partition("+type@")[2].replace("+block@", "@")
    return sum(other.points or 0 for other in rows if name in other.above.split()) or None
