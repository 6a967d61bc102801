"""Wakes a worker. A nudge that gets lost is only a delay: the row stays due, and any later run takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.background import after_commit
from lti_1p3_provider.host.port import GradeChanged

TASK = "lti_1p3_provider.deliver_scores"
NOTE = "lti_1p3_provider.note_grade"
EXPECT = "lti_1p3_provider.expect_subsections"
READ_BACK = "lti_1p3_provider.read_back_results"
COMPARE = "lti_1p3_provider.compare_course"


def nudge(delay: float) -> None:
    """Have due scores delivered ``delay`` seconds after the running transaction is committed."""
    after_commit(TASK, (), "the next run delivers", delay)


def note_later(change: GradeChanged) -> None:
    """Have a worker note a change of a grade, once the running transaction is committed, because it failed here."""
    arguments = (change.user_id, str(change.course_key), str(change.usage_key), change.at.isoformat(), change.aggregate)
    after_commit(NOTE, arguments, "the learner's next answer brings the score")


def expect_later(link_pk: int, platform_user_pk: int, claimed: Mapping[str, object], course_key: str) -> None:
    """Have a worker find out which subsections of a course count, and expect somebody's scores in their columns."""
    after_commit(
        EXPECT, (link_pk, platform_user_pk, dict(claimed), course_key), "the next launch of the course does it"
    )


def read_back_later(pks: Sequence[int]) -> None:
    """Have the results of these pending scores read by a worker once the running transaction is committed."""
    after_commit(READ_BACK, (list(pks),), "no results will be read")


def compare_later(course_key: CourseKey) -> None:
    """Have a course's scores compared by a worker once the running transaction is committed."""
    after_commit(COMPARE, (str(course_key),), "nothing is compared")
