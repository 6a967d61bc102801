"""The Celery task of this slice."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute

from lti_1p3_provider.memberships import refresh


@shared_task(name=refresh.TASK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def read_roster(context_pk: int, since: str = "") -> None:
    """Ask a platform who is in its course; ``since``: when the first worker of several did."""
    refresh.read(context_pk, since)
