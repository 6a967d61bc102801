"""The address of each block of a course, the platforms that may open it, and the platform courses that already have
it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.deep_linking.items import launch_url
from lti_1p3_provider.deep_linking.lines import FEW, points
from lti_1p3_provider.gates import policy
from lti_1p3_provider.outline import tree
from lti_1p3_provider.outline.tree import Row, Tree
from lti_1p3_provider.outline.type_names import type_name
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import ResourceLink

MAX_LINKS = 5000  # of a course that are looked at


@dataclass(frozen=True, slots=True)
class BlockAddress:
    """A block with its address. ``url`` is empty if the block has no page of its own. ``platforms``: those that may
    open it, besides the ones that may open the whole course. ``places``: courses that already have it."""

    row: Row
    type: str
    points: str
    url: str
    platforms: Sequence[str]
    places: Sequence[str]
    has_children: bool
    is_open: bool = False
    below: Sequence[BlockAddress] = ()


class BlockAddresses:
    """All blocks of a course. Four queries."""

    def __init__(self, course_key: CourseKey, base_url: str) -> None:
        self._course_key, self._base_url = course_key, base_url
        self._tree: Tree = tree.of(course_key)
        openings = _openings(course_key)
        self.everywhere = [title for title, opening in openings if opening.types is None]
        self._openings = [(title, opening) for title, opening in openings if opening.types is not None]
        self._places = _places(course_key)

    @property
    def title(self) -> str:
        """The course's title."""
        return self._tree.title

    def first(self, at: str = "") -> list[BlockAddress]:
        """Return the course and its sections. Blocks above ``at`` are open, and so is each section of a small
        course."""
        root = self._tree.root()
        if root is None:
            return []
        sections = self._tree.children(root.position)
        opened = set(self._way_to(at))
        if sum(len(self._tree.children(one.position)) for one in sections) <= FEW:
            opened |= {one.position for one in sections}
        whole = replace(self._address_of(root), has_children=False)
        return [whole, *(self._opened(one, opened) for one in sections)]

    def below(self, usage_key: str) -> list[BlockAddress]:
        """Return what is below a block; nothing if there is no such block."""
        position = self._tree.places.get(usage_key)
        return [] if position is None else [self._address_of(one) for one in self._tree.children(position)]

    def _opened(self, row: Row, opened: set[int]) -> BlockAddress:
        found = self._address_of(row)
        if row.position not in opened or not found.has_children:
            return found
        below = [self._opened(one, opened) for one in self._tree.children(row.position)]
        return replace(found, is_open=True, below=below)

    def _way_to(self, usage_key: str) -> Iterable[int]:
        position = self._tree.places.get(usage_key)
        while position is not None:
            yield position
            position = self._tree.rows[position].parent

    def _address_of(self, row: Row) -> BlockAddress:
        has_page = self._tree.stands_alone(row)
        may = [title for title, opening in self._openings if has_page and opening.has(row.usage_key, row.block_type)]
        return BlockAddress(
            row=row,
            type=type_name(row.block_type),
            points=points(row.total),
            url=launch_url(str(self._course_key), row.usage_key, row.block_type, self._base_url) if has_page else "",
            platforms=may,
            places=self._places.get(row.usage_key, ()),
            has_children=bool(self._tree.children(row.position)),
        )


def _openings(course_key: CourseKey) -> list[tuple[str, policy.Opening]]:
    """Return the registrations whose gate opens something of the course, by title."""
    rows = Registration.objects.filter(enabled=True).select_related("gate").order_by("title", "pk")
    found = ((str(row.title), policy.opening_of(row, course_key)) for row in rows)
    prefix = f"{str(course_key).replace('course-v1:', 'block-v1:')}+"
    return [
        (title, opening)
        for title, opening in found
        if opening.types is None or opening.types or any(key.startswith(prefix) for key in opening.keys)
    ]


def _places(course_key: CourseKey) -> Mapping[str, Sequence[str]]:
    links = ResourceLink.objects.filter(course_key=str(course_key), part_of__isnull=True)
    found: dict[str, list[str]] = {}
    for link in links.select_related("context", "deployment__registration").order_by("-pk")[:MAX_LINKS]:
        platform = str(link.deployment.registration.title)
        name = f"{link.context} ({platform})" if link.context else platform
        names = found.setdefault(link.usage_key, [])
        if name not in names:
            names.append(name)
    return found
