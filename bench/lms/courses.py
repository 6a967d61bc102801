"""Two courses of different sizes, made with the LMS's own factories and published as Studio publishes them."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opaque_keys.edx.keys import CourseKey, UsageKey

from bench import tokens
from bench.tokens import Link
from lti_1p3_provider.outline.rebuild import rebuild

START = datetime(2020, 1, 1, tzinfo=UTC)
AUTHOR = 1
QUESTION = """
<problem>
  <multiplechoiceresponse>
    <label>Which colour is not a primary one?</label>
    <choicegroup type="MultipleChoice">
      <choice correct="false" name="wrong">Red</choice>
      <choice correct="true" name="right">Green</choice>
    </choicegroup>
  </multiplechoiceresponse>
</problem>
"""


@dataclass(frozen=True)
class Shape:
    """How many children each block of a level has."""

    run: str
    chapters: int
    sequentials: int
    verticals: int
    problems: int

    @property
    def blocks(self) -> int:
        """All blocks, the course's own included."""
        sequentials = self.chapters * self.sequentials
        verticals = sequentials * self.verticals
        return 1 + self.chapters + sequentials + verticals + verticals * self.problems


SMALL = Shape("small", chapters=1, sequentials=3, verticals=1, problems=4)
BIG = Shape("big", chapters=11, sequentials=10, verticals=3, problems=5)


@dataclass(frozen=True)
class Made:
    """A course, and the three blocks of it that are linked: a problem, its unit and its subsection."""

    key: CourseKey
    blocks: int
    problem: UsageKey
    unit: UsageKey
    subsection: UsageKey

    @property
    def linked(self) -> tuple[UsageKey, ...]:
        """The blocks that have links of their own."""
        return (self.problem, self.unit, self.subsection)


def link(block: UsageKey) -> Link:
    """Return the platform's link to a block, with a column of its own."""
    name = f"{block.course_key.run}-{block.block_type}"
    line_item = f"{tokens.LINE_ITEMS}/{name}/lineitem"
    return Link(f"{tokens.LMS}/lti/1p3/launch/{block.course_key}/{block}", name, name, line_item)


def make(shape: Shape) -> Made:
    """Make and publish a course, fill the LMS's caches of it, and write down our outline.

    The linked problem is the first one of the last unit: the farthest from the course's own block.
    """
    from xmodule.modulestore.tests.factories import XMODULE_FACTORY_LOCK

    started = time.monotonic()
    XMODULE_FACTORY_LOCK.enable()
    try:
        made = _build(shape)
    finally:
        XMODULE_FACTORY_LOCK.disable()
    _publish(made.key)
    built = time.monotonic()
    rows = rebuild(made.key)
    assert rows == shape.blocks, f"the outline has {rows} blocks instead of {shape.blocks}"
    seconds = f"{built - started:.0f} s; outline written in {time.monotonic() - built:.1f} s"
    print(f"course of {rows} blocks: made in {seconds}", file=sys.stderr)
    return made


def _build(shape: Shape) -> Made:
    from xmodule.modulestore.django import modulestore
    from xmodule.modulestore.tests.factories import CourseFactory

    store: Any = modulestore()
    course = CourseFactory.create(org="BenchX", number="LTI", run=shape.run, start=START, display_name="Bench")
    path: list[UsageKey] = []
    with (
        store.bulk_operations(course.id, emit_signals=False),
        store.branch_setting("draft-preferred", course.id),
    ):
        for _ in range(shape.chapters):
            path = _branch(course, shape)
        store.publish(store.get_course(course.id).location, AUTHOR)
    subsection, unit, problem = path
    return Made(course.id, shape.blocks, problem, unit, subsection)


def _branch(course: Any, shape: Shape) -> list[UsageKey]:
    """Add a chapter; return its last subsection, that one's last unit, and that one's first problem."""
    path: list[UsageKey] = []
    chapter = _add(course, "chapter")
    for _ in range(shape.sequentials):
        sequential = _add(chapter, "sequential", graded=True, format="Homework")
        for _ in range(shape.verticals):
            vertical = _add(sequential, "vertical")
            problems = [_add(vertical, "problem", weight=4, data=QUESTION) for _ in range(shape.problems)]
            path = [sequential.location, vertical.location, problems[0].location]
    return path


def _add(parent: Any, category: str, **fields: Any) -> Any:
    """Add a draft block as Studio does; the factory of blocks does the same, and reads and writes it twice more."""
    from xmodule.modulestore.django import modulestore

    return modulestore().create_child(AUTHOR, parent.location, category, fields={"display_name": category, **fields})


def _publish(key: CourseKey) -> None:
    """Do what the receivers of a published course do, in Studio and its workers."""
    from openedx.core.djangoapps.content.block_structure.api import update_course_in_cache
    from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

    CourseOverview.load_from_module_store(key)
    update_course_in_cache(key)
