"""What one chooser is shown of one course, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.deep_linking import recent
from lti_1p3_provider.deep_linking.entries import DISCUSSION, FRAMES, NO_WARNING, OPEN_RESPONSE, Chooser, Entry
from lti_1p3_provider.gates import policy
from lti_1p3_provider.outline.models import OutlineBlock
from lti_1p3_provider.outline.tree import Row, Tree

WARNINGS = {"": NO_WARNING, "discussion": DISCUSSION, "openassessment": OPEN_RESPONSE}


def warning(block_type: str) -> str:
    """Return the warning about a type of block that embeds badly; ``FRAMES`` for types without a warning of their
    own."""
    return WARNINGS.get(block_type, FRAMES)


def entry_of(
    row: Row | OutlineBlock,
    *,
    course: tuple[str, str],
    parent: str | None,
    depth: int,
    has_children: bool,
    placed: frozenset[str],
    choosable: bool = False,
) -> Entry:
    """Return the entry of a block, as its row describes it. ``course``: its key and title."""
    return Entry(
        course_key=course[0],
        usage_key=row.usage_key,
        parent=parent,
        block_type=row.block_type,
        title=row.title or row.usage_key.rpartition("@")[2],
        points=row.total,
        graded=row.graded,
        due=row.due,
        start=row.start,
        depth=depth,
        has_children=has_children,
        placed=row.usage_key in placed,
        warning=warning(row.warns),
        choosable=choosable,
        course_title=course[1],
    )


class Shown:
    """A course's tree, as the gate and the site's filter leave it. Blocks that lead to something open are shown,
    too."""

    def __init__(self, who: Chooser, course_key: CourseKey, tree: Tree, keep: Callable[[Entry], bool]) -> None:
        self._who = who
        self._course_key = str(course_key)
        self._tree = tree
        self._keep = keep
        self._opening = policy.opening_of(who.registration, course_key)
        self._shown: dict[int, bool] = {}
        self._kept: dict[int, bool] = {}

    @cached_property
    def _placed(self) -> frozenset[str]:
        return recent.placed(self._who, self._course_key)

    def root(self) -> Entry | None:
        """Return the course's own entry; None if nothing of it is offered."""
        row = self._tree.root()
        return self._entry(row) if row is not None and self._is_shown(row) else None

    def children(self, parent: str | None) -> list[Entry] | None:
        """Return what is shown below a block, or below the course's own; None if that is not shown itself."""
        row = self._tree.root() if parent is None else self._row(parent)
        if row is None or not self._is_shown(row):
            return None
        return [self._entry(one) for one in self._tree.children(row.position) if self._is_shown(one)]

    def entry(self, usage_key: str) -> Entry | None:
        """Return the entry of a block; None if it is not shown."""
        row = self._row(usage_key)
        return self._entry(row) if row is not None and self._is_shown(row) else None

    def inside(self, usage_key: str) -> list[Entry]:
        """Return everything that learners get with a block, in order: what is below it and the site's filter keeps,
        whether or not it could be chosen by itself."""
        row = self._row(usage_key)
        return [self._entry(one) for one in self._tree.below(row.position) if self._is_kept(one)] if row else []

    def _row(self, usage_key: str) -> Row | None:
        position = self._tree.places.get(usage_key)
        return None if position is None else self._tree.rows[position]

    def _is_shown(self, row: Row) -> bool:
        """Tell whether the block or something below it can be chosen, and the site's filter keeps it."""
        if (known := self._shown.get(row.position)) is None:
            known = self._is_kept(row) and (self._is_open(row) or self._has_children(row))
            self._shown[row.position] = known
        return known

    def _has_children(self, row: Row) -> bool:
        return any(map(self._is_shown, self._tree.children(row.position)))

    def _is_open(self, row: Row) -> bool:
        return self._tree.stands_alone(row) and self._opening.has(row.usage_key, row.block_type)

    def _is_kept(self, row: Row) -> bool:
        """Ask the site's filter about the blocks above, too: with a block that it drops, everything below is gone."""
        if (known := self._kept.get(row.position)) is None:
            above = None if row.parent is None else self._tree.rows[row.parent]
            known = (above is None or self._is_kept(above)) and self._keep(self._described(row))
            self._kept[row.position] = known
        return known

    def _entry(self, row: Row) -> Entry:
        """Return the entry, completed with what only the whole tree can tell."""
        return replace(self._described(row), has_children=self._has_children(row), choosable=self._is_open(row))

    def _described(self, row: Row) -> Entry:
        return entry_of(
            row,
            course=(self._course_key, self._tree.title),
            parent=None if row.parent is None else self._tree.rows[row.parent].usage_key,
            depth=row.depth,
            has_children=bool(self._tree.children(row.position)),
            placed=self._placed,
        )
