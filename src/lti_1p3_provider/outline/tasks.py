"""The Celery task of this slice."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.outline import rebuild
from lti_1p3_provider.outline.wake import TASK


@shared_task(name=TASK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def rebuild_outline(course_key: str) -> None:
    """Bring a course's outline in step with what is published."""
    rebuild.rebuild(CourseKey.from_string(course_key))
