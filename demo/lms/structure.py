"""Blocks, and the structure of a course that they make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from opaque_keys.edx.keys import UsageKey


@dataclass(frozen=True)
class Node:
    """A block, with the keys of those around it. ``published``, ``start`` and ``graded`` include what its parents say;
    ``weight`` is a problem's points; ``format`` and ``due`` are a graded subsection's; ``seconds`` and ``poster``, the
    name of a static file, are a video's. ``source`` is what the author wrote, or what is said in a video."""

    key: UsageKey
    title: str
    parent: UsageKey | None
    children: tuple[UsageKey, ...]
    published: bool
    graded: bool
    start: datetime | None
    due: datetime | None = None
    format: str = ""
    weight: float = 0.0
    source: str = ""
    seconds: float | None = None
    poster: str = ""


@dataclass(frozen=True)
class Structure:
    """All blocks of a course, in order: each before those below it, the course's own first."""

    nodes: dict[UsageKey, Node]

    @property
    def root(self) -> Node:
        """The course's own block."""
        return next(iter(self.nodes.values()))

    def below(self, key: UsageKey) -> Iterator[Node]:
        """Yield a block and all below it, in order."""
        node = self.nodes[key]
        yield node
        for child in node.children:
            yield from self.below(child)

    def above(self, key: UsageKey) -> Iterator[Node]:
        """Yield all blocks above one, nearest first."""
        parent = self.nodes[key].parent
        while parent is not None:
            yield self.nodes[parent]
            parent = self.nodes[parent].parent
