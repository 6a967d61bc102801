"""What Celery discovers: all tasks, each owned by its slice."""

from lti_1p3_provider.course_roles.tasks import take_back_course_roles
from lti_1p3_provider.fleet.tasks import look_at_fleet
from lti_1p3_provider.launches.tasks import clean_up
from lti_1p3_provider.memberships.tasks import read_roster
from lti_1p3_provider.outline.tasks import rebuild_outline
from lti_1p3_provider.scores.tasks import (
    compare_course,
    deliver_scores,
    expect_subsections,
    note_grade,
    read_back_results,
)

__all__ = [
    "clean_up",
    "compare_course",
    "deliver_scores",
    "expect_subsections",
    "look_at_fleet",
    "note_grade",
    "read_back_results",
    "read_roster",
    "rebuild_outline",
    "take_back_course_roles",
]
