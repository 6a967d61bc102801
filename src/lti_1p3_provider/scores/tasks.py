"""The Celery tasks of this slice."""

from __future__ import annotations

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute

from lti_1p3_provider.scores import reading_back
from lti_1p3_provider.scores.delivery import deliver_due
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.nudge import READ_BACK, TASK, nudge

# seconds; brokers hand a message to another worker if it is not acknowledged within an hour
LONGEST_COUNTDOWN = 1800.0


@shared_task(name=TASK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def deliver_scores() -> None:
    """Deliver what is due, and come back when what was postponed is due again."""
    report = deliver_due()
    if report.next_in is not None:
        nudge(min(report.next_in, LONGEST_COUNTDOWN))


@shared_task(name=READ_BACK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def read_back_results(pks: list[int]) -> None:
    """Ask platforms what they show for these pending scores."""
    reading_back.read_back(PendingScore.objects.filter(pk__in=pks))
