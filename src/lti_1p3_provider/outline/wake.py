"""Asks a worker to bring an outline in step with its course, at most once a minute for each course."""

from __future__ import annotations

import logging

from django.core.cache import cache
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.background import after_commit
from lti_1p3_provider.identifiers import digest

TASK = "lti_1p3_provider.rebuild_outline"
PAUSE = 60  # seconds

log = logging.getLogger(__name__)


def ask(course_key: CourseKey) -> None:
    """Have the outline rebuilt once the running transaction is committed, unless somebody has just asked for it."""
    try:
        is_first = cache.add(f"lti1p3:outline:{digest(str(course_key))}", 1, PAUSE)
    except Exception:  # whatever the cache's client raises: to ask once more does no harm
        log.warning("LTI outline: the cache does not answer")
        is_first = True
    if is_first:
        after_commit(TASK, (str(course_key),), "the next launch asks again")
