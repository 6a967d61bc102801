"""The Celery task of this slice."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute

from lti_1p3_provider.course_roles import taking_back


@shared_task(name=taking_back.TASK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def take_back_course_roles() -> None:
    """Take back the roles that are not due any more."""
    taking_back.take_back()
