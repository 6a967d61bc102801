"""The Celery task of this package: the clean-up, for sites that run Celery's beat."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute

from lti_1p3_provider.launches import cleaning
from lti_1p3_provider.outline.rebuild import refresh


@shared_task(name="lti_1p3_provider.clean_up", ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def clean_up() -> None:
    """Count launches, look at all registrations, delete what is too old to keep, take back roles
    that are not due, and update outlines."""
    try:
        cleaning.clean_up()
    finally:
        refresh()
