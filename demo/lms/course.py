"""Courses: small OLX-like trees in ``courses/``, read once per process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

COURSES = Path(__file__).parent / "courses"


@dataclass(frozen=True)
class Node:
    """A block. ``published``, ``start``, ``graded`` include what its parents say; ``weight`` is a problem's points."""

    key: UsageKey
    title: str
    parent: Node | None
    published: bool
    graded: bool
    start: datetime | None
    weight: float = 0.0
    source: str = ""
    children: list[Node] = field(default_factory=list, repr=False)

    def walk(self) -> Iterator[Node]:
        """Yield this block and all below, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def ancestors(self) -> Iterator[Node]:
        """Yield all blocks above, nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


@dataclass(frozen=True)
class Course:
    """A course, its own block and all of them by usage key."""

    key: CourseKey
    title: str
    version: str
    whole: Node
    blocks: dict[UsageKey, Node]

    @property
    def sections(self) -> tuple[Node, ...]:
        """Its chapters, in order."""
        return tuple(self.whole.children)


@cache
def courses() -> dict[CourseKey, Course]:
    """Return all courses; the demo course comes first."""
    found = [_read(folder) for folder in sorted(COURSES.iterdir()) if (folder / "course.xml").exists()]
    return {course.key: course for course in found}


def block(course_key: CourseKey, usage_key: UsageKey) -> Node | None:
    """Return a published block of a course."""
    course = courses().get(course_key)
    node = course.blocks.get(usage_key) if course else None
    return node if node and node.published else None


def _read(folder: Path) -> Course:
    root = ElementTree.parse(folder / "course.xml").getroot()
    key = CourseLocator(root.attrib["org"], root.attrib["course"], root.attrib["run"])
    title = root.attrib["display_name"]
    own_block = UsageKey.from_string(f"{str(key).replace('course-v1:', 'block-v1:')}+type@course+block@course")
    whole = Node(own_block, title, None, published=True, graded=False, start=None)
    whole.children.extend(_node(child, key, whole, folder) for child in root)
    version = hashlib.sha256(ElementTree.tostring(root)).hexdigest()[:24]
    return Course(key=key, title=title, version=version, whole=whole, blocks={node.key: node for node in whole.walk()})


def _node(element: ElementTree.Element, course_key: CourseKey, parent: Node | None, folder: Path) -> Node:
    said, name = element.attrib, element.attrib["url_name"]
    start = datetime.fromisoformat(said["start"]) if "start" in said else (parent.start if parent else None)
    node = Node(
        key=course_key.make_usage_key(element.tag, name),
        title=said["display_name"],
        parent=parent,
        published=said.get("published", "true") == "true" and (parent is None or parent.published),
        graded=said.get("graded", "false") == "true" or (parent is not None and parent.graded),
        start=start,
        weight=float(said.get("weight", 1)) if element.tag == "problem" else 0.0,
        source=_source(element.tag, name, folder),
    )
    node.children.extend(_node(child, course_key, node, folder) for child in element)
    return node


def _source(tag: str, name: str, folder: Path) -> str:
    endings = {"html": "html", "problem": "xml"}
    return (folder / tag / f"{name}.{endings[tag]}").read_text(encoding="utf-8") if tag in endings else ""
