"""Asks a worker to bring an outline in step with its course, at most once a minute for each course."""

from __future__ import annotations

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.background import after_commit_once

TASK = "lti_1p3_provider.rebuild_outline"
PAUSE = 60  # seconds


def ask(course_key: CourseKey) -> None:
    """Have the outline rebuilt once the running transaction is committed, unless somebody has just asked for it."""
    after_commit_once(TASK, (str(course_key),), "the next launch asks again", PAUSE)
