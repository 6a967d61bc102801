"""What a course of the stand-in has published, and what its blocks hold, in the app's words."""

from __future__ import annotations

from collections.abc import Sequence

from django.templatetags.static import static

from demo.lms.course import Course as Stored
from demo.lms.olx import WITH_SOURCE
from demo.lms.structure import Node
from lti_1p3_provider.host.port import Block, Course
from lti_1p3_provider.host.sources import Source, Video


def as_published(course: Stored) -> Course:
    """Walk the course. A whole-course read."""
    structure = course.read_whole()
    nodes = [node for node in structure.nodes.values() if node.published]
    blocks = [as_block(node, tuple(structure.above(node.key))) for node in nodes]
    return Course(course.title, course.version, tuple(blocks))


def as_block(node: Node, above: Sequence[Node]) -> Block:
    """``above``: nearest first."""
    return Block(
        usage_key=node.key,
        title=node.title,
        above=tuple(one.key for one in reversed(above)),
        parent=node.parent,
        graded=node.graded,
        points=node.weight if node.key.block_type == "problem" else None,
        start=node.start,
        due=node.due,
    )


def as_source(node: Node) -> Source | None:
    """A text, a problem or a video that is published; None for anything else."""
    if not node.published or node.key.block_type not in WITH_SOURCE:
        return None
    if node.key.block_type != "video":
        return Source(node.source)
    return Source(video=Video(node.seconds, static(node.poster) if node.poster else "", node.source))
