"""Courses: small ones in ``courses/``, and two that are generated, a small and a large one.

As in the LMS, there are two ways to read. One block and its parents are had without the rest. Or the whole course at
once: that is kept pickled and is unpickled each time, as the LMS does, so that a large course takes long. ``meter``
counts both.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial
from pathlib import Path
from xml.etree import ElementTree

from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

from demo.lms import meter, olx
from demo.lms.generated import generate
from demo.lms.structure import Node, Structure

COURSES = Path(__file__).parent / "courses"
SMALL, LARGE = CourseLocator("Demo", "Small", "2026"), CourseLocator("Demo", "Large", "2026")
GENERATED = {SMALL: ("A small course", 20), LARGE: ("A large course", 2100)}  # blocks


class Course:
    """A published course. ``make`` returns its blocks; it is called when somebody first reads one."""

    def __init__(self, key: CourseKey, title: str, make: Callable[[], Structure]) -> None:
        self.key = key
        self.title = title
        self._make = make

    @property
    def version(self) -> str:
        """Names what is published: another content has another version. This reads no block."""
        return self._stored[0]

    def read(self, usage_key: UsageKey) -> Node | None:
        """Return one block, published or not; None if there is none. One block read."""
        meter.one_block((self.version, usage_key))
        return self._structure.nodes.get(usage_key)

    def read_with_above(self, usage_key: UsageKey) -> tuple[Node, ...]:
        """Return a block and all above it, nearest first; nothing if there is none. A block read each."""
        found, wanted = [], usage_key
        while (node := self.read(wanted)) is not None:
            found.append(node)
            if node.parent is None:
                break
            wanted = node.parent
        return tuple(found)

    def read_below(self, node: Node) -> Iterator[Node]:
        """Yield a block that was read and all below it, in order. A block read for each below."""
        yield node
        for key in node.children:
            if child := self.read(key):
                yield from self.read_below(child)

    def read_whole(self) -> Structure:
        """Return all blocks. One whole-course read, which takes as long as the course is large."""
        meter.whole_course()
        structure: Structure = pickle.loads(self._stored[1])  # noqa: S301 (we pickled it)
        return structure

    @cached_property
    def _structure(self) -> Structure:
        return self._make()

    @cached_property
    def _stored(self) -> tuple[str, bytes]:
        """The version, and the whole course."""
        text = "\n".join(map(repr, self._structure.nodes.values()))
        return hashlib.sha256(text.encode()).hexdigest()[:24], pickle.dumps(self._structure)


@cache
def courses() -> dict[CourseKey, Course]:
    """Return all courses; the demo course comes first."""
    found = [_read(folder) for folder in sorted(COURSES.iterdir()) if (folder / "course.xml").exists()]
    for key, (title, blocks) in GENERATED.items():
        found.append(Course(key, title, partial(generate, key, title, blocks)))
    return {course.key: course for course in found}


def block(course_key: CourseKey, usage_key: UsageKey) -> Node | None:
    """Return a published block of a course. One block read."""
    course = courses().get(course_key)
    node = course.read(usage_key) if course else None
    return node if node and node.published else None


def _read(folder: Path) -> Course:
    root = ElementTree.parse(folder / "course.xml").getroot()
    key = CourseLocator(root.attrib["org"], root.attrib["course"], root.attrib["run"])

    def source(tag: str, name: str) -> str:
        ending = {"html": "html", "problem": "xml", "video": "txt"}[tag]
        return (folder / tag / f"{name}.{ending}").read_text(encoding="utf-8")

    return Course(key, root.attrib["display_name"], partial(olx.structure, key, root, source))
