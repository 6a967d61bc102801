"""What a block is with all that is below it."""

from __future__ import annotations

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.host.port import Block
from lti_1p3_provider.outline.summing import Sums
from tests.cases import every

COURSE = CourseKey.from_string("course-v1:A+B+C")
ROOT, UNIT, ONE, TWO = (
    COURSE.make_usage_key(kind, name)
    for kind, name in (("course", "course"), ("vertical", "u"), ("problem", "1"), ("problem", "2"))
)


def totals(*, graded: bool, points: float | None = 3.0, staff_only: bool = False) -> dict[str, float]:
    """Sum up a course with one ungraded problem, and another one."""
    blocks = [
        Block(ROOT, "Course"),
        Block(UNIT, "Unit", (ROOT,), ROOT),
        Block(ONE, "One", (ROOT, UNIT), UNIT, points=1.0),
        Block(TWO, "Two", (ROOT, UNIT), UNIT, graded=graded, points=points, staff_only=staff_only),
    ]
    return {key.block_type: total for key, total in Sums(blocks).totals.items() if key != ONE}


def test_a_courses_total_is_its_grade_in_percent():
    assert totals(graded=True) == {"course": 100.0, "vertical": 4.0, "problem": 3.0}


@every("said", [{"graded": False}, {"graded": True, "points": None}, {"graded": True, "points": 0.0}])
def test_a_course_of_which_nothing_counts_would_keep_an_empty_column_and_has_none(said):
    assert "course" not in totals(**said)
    assert totals(**said)["vertical"] >= 1.0


def test_what_learners_do_not_see_makes_no_course_count():
    assert totals(graded=True, staff_only=True) == {"vertical": 1.0}
