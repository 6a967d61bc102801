"""Takes back roles in courses here from people who have left the platform's course. They launch nothing any more, so no
launch takes them."""

from __future__ import annotations

import logging

from django.db import transaction

from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.course_roles.settle import lock, remove
from lti_1p3_provider.database.conflicts import outlast, traced
from lti_1p3_provider.lti.nrps import Status
from lti_1p3_provider.memberships.models import Member, Roster
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users.models import CourseRole

log = logging.getLogger(__name__)


def take_back(context: Context, author: Author) -> int:
    """Take back roles that launches gave to people who were on the platform's list and are not any more; return how
    many. Never call it in a transaction. One that cannot be taken now is logged, and costs no other."""
    registration = context.deployment.registration
    roster = Roster.objects.filter(context=context, complete=True).first()
    if roster is None or roster.asked_at is None or not preset(registration.platform).lists_everybody:
        return 0
    left = Member.objects.filter(context=context, status=Status.DELETED, platform_user__isnull=False)
    rows = CourseRole.objects.filter(deployment_id=context.deployment_id, given_at__lt=roster.asked_at)
    pks = rows.filter(user_id__in=left.values("platform_user__user")).order_by("pk").values_list("pk", flat=True)
    return sum(_take_one(context, pk, author) for pk in list(pks))


def _take_one(context: Context, pk: int, author: Author) -> bool:
    try:
        return outlast(lambda: _take(context, pk, author))
    except Exception as error:  # the LMS's too
        log.error("LTI: course role %s of somebody who left was not taken back: %s", pk, traced(error))
        return False


@transaction.atomic
def _take(context: Context, pk: int, author: Author) -> bool:
    row = CourseRole.objects.select_related("user", "deployment__registration").filter(pk=pk).first()
    if row is None:
        return False
    lock(row.user_id)
    if not CourseRole.objects.filter(pk=pk).exists() or not _has_left(context, row):
        return False
    remove(row, author)
    return True


def _has_left(context: Context, row: CourseRole) -> bool:
    """Tell whether the person is on no list of the deployment's courses that link to the course. If one of them was not
    read as a whole, or a link is in no course, nobody knows."""
    links = ResourceLink.objects.filter(deployment=context.deployment, course_key=row.course_key, part_of=None)
    places: set[int | None] = set(links.order_by().values_list("context_id", flat=True).distinct())
    if context.pk not in places:
        return False
    listed = Member.objects.filter(context__in=places, platform_user__user=row.user_id)
    if listed.exclude(status=Status.DELETED).exists():
        return False
    return Roster.objects.filter(context__in=places, complete=True).count() == len(places)
