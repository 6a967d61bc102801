"""The Celery tasks of this package."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from edx_django_utils.monitoring import set_code_owner_attribute
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host.port import GradeChanged
from lti_1p3_provider.outline.rebuild import rebuild
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.gradebook import reconcile, subsections
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import intake
from lti_1p3_provider.scores.outbox.wake import COMPARE, EXPECT, NOTE, READ_BACK, TASK, nudge
from lti_1p3_provider.scores.status import comparing
from lti_1p3_provider.users.models import PlatformUser

# seconds; brokers hand a message to another worker if it is not acknowledged within an hour
MAX_COUNTDOWN = 1800


@shared_task(name=TASK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def deliver_scores() -> None:
    """Deliver what is due, and come back when what was postponed is due again."""
    report = deliver_due()
    if report.next_in is not None:
        nudge(min(report.next_in, MAX_COUNTDOWN))


@shared_task(
    name=NOTE,
    ignore_result=True,
    autoretry_for=(Exception,),
    retry_backoff=30,
    retry_backoff_max=MAX_COUNTDOWN,
    retry_jitter=False,
    max_retries=60,  # more than a day
)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def note_grade(user_id: int, course_key: str, usage_key: str, at: str, aggregate: bool) -> None:
    """Note a change of a grade that could not be noted in the learner's own request; the grade is read anew."""
    course, block = CourseKey.from_string(course_key), UsageKey.from_string(usage_key)
    intake.note(GradeChanged(user_id, course, block, 0.0, 0.0, datetime.fromisoformat(at), aggregate))


@shared_task(name=EXPECT, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def expect_subsections(link_pk: int, platform_user_pk: int, claimed: dict[str, object], course_key: str = "") -> None:
    """Write the course's outline, which no launch waited for, and expect scores of its graded subsections."""
    link = ResourceLink.objects.filter(pk=link_pk, deployment__registration__subsection_columns=True).first()
    person = PlatformUser.objects.filter(pk=platform_user_pk).first()
    if link is not None and person is not None:
        course_key = course_key or link.course_key  # the link may open another course for somebody else by now
        rebuild(CourseKey.from_string(course_key))
        subsections.expect(link, person, claimed, course_key)


@shared_task(name=READ_BACK, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def read_back_results(pks: list[int]) -> None:
    """Ask platforms what they show for these scores."""
    reconcile.read_back(PendingScore.objects.filter(pk__in=pks))


@shared_task(name=COMPARE, ignore_result=True)
@set_code_owner_attribute  # type: ignore[untyped-decorator]
def compare_course(course_key: str) -> None:
    """Ask the platforms of a course what they show, and send again what they lost."""
    comparing.compare(CourseKey.from_string(course_key))
