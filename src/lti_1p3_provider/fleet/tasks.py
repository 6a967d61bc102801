"""The Celery task of this slice."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute

from lti_1p3_provider.fleet import upkeep


@shared_task(name=upkeep.TASK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def look_at_fleet() -> None:
    """Count launches and look at all registrations."""
    upkeep.keep_up()
