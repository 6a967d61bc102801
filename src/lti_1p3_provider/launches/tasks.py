"""The Celery task of this slice: what cron's command does besides delivering, for sites that run Celery's beat."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute

from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.deep_linking import asked
from lti_1p3_provider.diagnostics.record import drop_old
from lti_1p3_provider.fleet import upkeep
from lti_1p3_provider.launches.grants import drop_lapsed
from lti_1p3_provider.memberships import kept
from lti_1p3_provider.onboarding import reading
from lti_1p3_provider.outline.rebuild import refresh


@shared_task(name="lti_1p3_provider.clean_up", ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def clean_up() -> None:
    """Count launches, look at all registrations, delete what is too old to keep, take back roles
    that are not due, and update outlines."""
    upkeep.keep_up()  # before: what is dropped must be counted
    drop_old()
    drop_lapsed()
    asked.drop_old()
    reading.drop_old()
    upkeep.drop_old()
    kept.drop_old()
    taking_back.take_back()
    refresh()
