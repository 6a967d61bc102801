"""``demo_course``: shows the demo course's blocks, for people and scripts."""

from __future__ import annotations

import json
import re
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from demo.lms import many
from demo.lms.course import courses
from demo.lms.structure import Node, Structure


class Command(BaseCommand):
    """Prints the first course, or makes many."""

    help = "Show the demo course, or generate a site."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare --json."""
        parser.add_argument("--json", action="store_true", dest="as_json")
        parser.add_argument(
            "--generate",
            type=_size,
            metavar="COURSESxBLOCKS",
            help="make a site of so many courses, for example 2000x500, in place of the last one; 0x0 removes it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, or generate."""
        if options["generate"]:
            courses_, blocks = options["generate"]
            started = time.monotonic()
            rows = many.make(courses_, blocks)
            self.stdout.write(f"{courses_} courses, {rows} blocks in {time.monotonic() - started:.0f} s")
            return
        course = next(iter(courses().values()))
        structure = course.read_whole()
        blocks = [_described(node, structure) for node in structure.nodes.values() if node.parent is not None]
        if options["as_json"]:
            self.stdout.write(json.dumps({"course_key": str(course.key), "blocks": blocks}))
            return
        self.stdout.write(f"{course.title}  {course.key}")
        for found in blocks:
            marks = f"{'' if found['published'] else ' (not published)'}{' graded' if found['graded'] else ''}"
            self.stdout.write(f"  {found['type']:10} {found['display_name']}{marks}  {found['usage_key']}")


def _size(text: str) -> tuple[int, int]:
    """Read 2000x500."""
    found = re.fullmatch(r"(\d+)x(\d+)", text)
    if not found:
        raise ArgumentTypeError("give courses and blocks of each, for example 2000x500")
    return int(found[1]), int(found[2])


def _described(node: Node, structure: Structure) -> dict[str, Any]:
    return {
        "usage_key": str(node.key),
        "type": node.key.block_type,
        "display_name": node.title,
        "parent": str(node.parent) if node.parent else None,
        "graded": node.graded,
        "max_score": sum(below.weight for below in structure.below(node.key) if below.published or not node.published),
        "published": node.published,
    }
