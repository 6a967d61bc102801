"""Switches off accounts that rosters made for people who never came and are no longer listed."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.course_roles.settle import lock
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.memberships import due
from lti_1p3_provider.memberships.models import EnrolledAhead, Member
from lti_1p3_provider.users import ahead
from lti_1p3_provider.users.models import PlatformUser

log = logging.getLogger(__name__)


def drop(now: datetime | None = None) -> int:
    """Give up accounts that were made, and last listed, more than ``LTI_1P3_PROVIDER_ROSTER_DAYS`` ago; return how
    many. Each is a transaction of its own. One that cannot be given up now is logged, and tried again by the next
    clean-up."""
    limit = (now or timezone.now()) - timedelta(days=conf.roster_days)
    return sum(_give_up(pk, limit) for pk in list(_rows(limit).order_by("pk").values_list("pk", flat=True)))


def _rows(limit: datetime) -> QuerySet[PlatformUser]:
    listed = Member.objects.filter(platform_user=OuterRef("pk"))
    return PlatformUser.objects.filter(~Exists(listed), ahead=True, created_at__lt=limit)


def _give_up(pk: int, limit: datetime) -> bool:
    try:
        with transaction.atomic():
            row = PlatformUser.objects.select_for_update().filter(pk=pk).first()
            # A launch or a list may have come in between; whoever waited for a lock asks after it.
            if row is None or not _rows(limit).filter(pk=pk).exists():
                return False
            lock(row.user_id)
            _unenrol(row)
            ahead.give_up(row)
        return True
    except Exception as error:  # the LMS's too
        log.error("LTI: the unused account of platform user %s was not given up: %s", pk, traced(error))
        return False


def _unenrol(person: PlatformUser) -> None:
    """End the enrolments that rosters made, unless somebody else has the account, too."""
    if PlatformUser.objects.filter(user_id=person.user_id).exclude(pk=person.pk).exists():
        return
    for row in EnrolledAhead.objects.filter(platform_user=person, user_id=person.user_id, taken_at=None):
        EnrolledAhead.objects.filter(pk=row.pk).delete()  # the last one of several lists ends it
        if due.is_held(row, person.user_id):
            continue
        try:
            with transaction.atomic():
                host.current().membership.unenrol(person.user, CourseKey.from_string(row.course_key), row.mode)
        except LtiError as error:  # the LMS lets nobody leave this course
            log.warning("LTI: user %s stays in %s: %s", person.user_id, row.course_key, error.code)
