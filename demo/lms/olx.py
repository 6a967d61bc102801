"""Makes a course's structure out of OLX: the elements of ``course.xml``, and the sources of its components."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from xml.etree.ElementTree import Element

from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms.structure import Node, Structure

WITH_SOURCE = ("html", "problem", "video")
Source = Callable[[str, str], str]  # of a component's type and name


def structure(course_key: CourseKey, root: Element, source: Source) -> Structure:
    """Return all blocks. ``root`` is the course's element; its children are chapters."""
    nodes: dict[UsageKey, Node] = {}

    def add(element: Element, above: Node | None) -> None:
        node = _node(course_key, element, above, source)
        nodes[node.key] = node
        for child in element:
            add(child, node)

    add(root, None)
    return Structure(nodes)


def _node(course_key: CourseKey, element: Element, above: Node | None, source: Source) -> Node:
    said, key = element.attrib, _key(course_key, element)
    return Node(
        key=key,
        title=said["display_name"],
        parent=above.key if above else None,
        children=tuple(_key(course_key, child) for child in element),
        published=said.get("published", "true") == "true" and (above is None or above.published),
        graded=said.get("graded", "false") == "true" or (above is not None and above.graded),
        start=_date(said.get("start")) or (above.start if above else None),
        due=_date(said.get("due")),
        format=said.get("format", ""),
        weight=float(said.get("weight", 1)) if element.tag == "problem" else 0.0,
        source=source(element.tag, key.block_id) if element.tag in WITH_SOURCE else "",
        seconds=float(said["seconds"]) if "seconds" in said else None,
        poster=said.get("poster", ""),
    )


def _key(course_key: CourseKey, element: Element) -> UsageKey:
    return course_key.make_usage_key(element.tag, element.attrib.get("url_name", "course"))


def _date(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
