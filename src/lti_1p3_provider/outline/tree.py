"""A course's blocks from its outline, in order, with what is below each: for pages that show more than one.

It has only what learners may see. A process keeps the courses that it read last; what a version says never changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.errors import ContentNotFound, OutlineInPreparation
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline import find, wake
from lti_1p3_provider.outline.models import CourseOutline

MAX_ROWS = 20_000  # that a process keeps, about a kilobyte each
COLUMNS = (
    *("position", "parent", "usage_key", "block_type", "title", "graded", "total", "start", "due", "warns"),
    "staff_only",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outline; ``outline.models`` says what its columns mean. ``depth``: 0 for the course's own block."""

    position: int
    parent: int | None
    usage_key: str
    block_type: str
    title: str
    graded: bool
    total: float | None
    start: datetime | None
    due: datetime | None
    warns: str
    depth: int


class Tree:
    """What learners may see of a course; ``title`` is the course's."""

    def __init__(self, title: str, rows: Sequence[Row]) -> None:
        self.title = title
        self.rows: Mapping[int, Row] = {row.position: row for row in rows}
        self._below: dict[int | None, list[int]] = {}
        for row in rows:
            self._below.setdefault(row.parent, []).append(row.position)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The positions of blocks by usage key."""
        return {row.usage_key: row.position for row in self.rows.values()}

    def root(self) -> Row | None:
        """Return the course's own block."""
        below = self._below.get(None)
        return self.rows[below[0]] if below else None

    def children(self, position: int | None) -> list[Row]:
        """Return the blocks below one, in order."""
        return [self.rows[one] for one in self._below.get(position, ())]

    def above(self, row: Row) -> Iterator[Row]:
        """Yield the blocks above one, the nearest first."""
        while row.parent is not None:
            row = self.rows[row.parent]
            yield row

    def stands_alone(self, row: Row) -> bool:
        """Tell whether every learner can open a block by itself, and be graded on it."""
        return find.stands_alone(row.block_type, (one.block_type for one in self.above(row)))

    def below(self, position: int) -> Iterator[Row]:
        """Yield all blocks below one, in order."""
        for row in self.children(position):
            yield row
            yield from self.below(row.position)


_recent: OrderedDict[tuple[int, object, str], Tree] = OrderedDict()


def of(course_key: CourseKey) -> Tree:
    """Return a course's tree. While a newer version is not stored yet, this is the older one. Two or three queries.

    Raises:
        ContentNotFound: there is no such course, or nothing of it was ever published.
        OutlineInPreparation: nobody has written it down yet; a worker was asked to.
    """
    version = host.current().courses.published_version(course_key)
    if version is None:
        raise ContentNotFound(f"{course_key} does not exist or has nothing published")
    outline = CourseOutline.objects.filter(course_digest=digest(str(course_key))).first()
    if outline is None or outline.version != version:
        wake.ask(course_key)
    if outline is None or not outline.version:
        raise OutlineInPreparation(str(course_key))
    return _kept(outline)


def forget() -> None:
    """Forget what this process has read."""
    _recent.clear()


def _kept(outline: CourseOutline) -> Tree:
    name = (outline.pk, outline.built_at, outline.version)
    if (known := _recent.get(name)) is not None:
        _recent.move_to_end(name)
        return known
    tree = Tree(outline.title, list(_rows(outline)))
    _recent[name] = tree
    while len(_recent) > 1 and sum(len(one.rows) for one in _recent.values()) > MAX_ROWS:
        _recent.popitem(last=False)
    return tree


def _rows(outline: CourseOutline) -> Iterator[Row]:
    """Yield what learners may see: nothing that is for staff only, and nothing below that."""
    depths: dict[int, int] = {}
    known = outline.blocks.filter(position__isnull=False).order_by("position").values_list(*COLUMNS)
    for *values, staff_only in known:
        position, parent = values[:2]
        if staff_only or (parent is not None and parent not in depths):
            continue
        depths[position] = 0 if parent is None else depths[parent] + 1
        whole: Any = (*values, depths[position])
        yield Row(*whole)
