"""Switches off accounts that rosters made for people who never came and are no longer listed. Ends what rosters
enrolled accounts in that were given up at a first launch."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.course_roles.settle import lock
from lti_1p3_provider.database.conflicts import outlast, traced
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.memberships import due
from lti_1p3_provider.memberships.models import EnrolledAhead, Member
from lti_1p3_provider.users import ahead
from lti_1p3_provider.users.models import PlatformUser

log = logging.getLogger(__name__)


def drop(now: datetime | None = None) -> int:
    """Give up accounts that were made, and last listed, more than ``LTI_1P3_PROVIDER_ROSTER_DAYS`` ago; return how
    many. Each is a transaction of its own. One that cannot be given up now is logged, and tried again by the next
    clean-up. Enrolments by rosters of accounts that were given up at a first launch end, too."""
    limit = (now or timezone.now()) - timedelta(days=conf.roster_days)
    dropped = sum(_give_up(pk, limit) for pk in list(_rows(limit).order_by("pk").values_list("pk", flat=True)))
    left = EnrolledAhead.objects.filter(platform_user=None).order_by("pk")
    for user_pk in list(dict.fromkeys(left.values_list("user_id", flat=True))):
        _end_enrolments(user_pk)
    return dropped


def _rows(limit: datetime) -> QuerySet[PlatformUser]:
    listed = Member.objects.filter(platform_user=OuterRef("pk"))
    return PlatformUser.objects.filter(~Exists(listed), ahead=True, created_at__lt=limit)


def _give_up(pk: int, limit: datetime) -> bool:
    try:
        return outlast(lambda: _drop_one(pk, limit))
    except Exception as error:  # the LMS's too
        log.error("LTI: the unused account of platform user %s was not given up: %s", pk, traced(error))
        return False


@transaction.atomic
def _drop_one(pk: int, limit: datetime) -> bool:
    row = PlatformUser.objects.select_for_update().filter(pk=pk).first()
    # A launch or a list may have come in between; whoever waited for a lock asks after it.
    if row is None or not _rows(limit).filter(pk=pk).exists():
        return False
    lock(row.user_id)
    ahead.give_up(row)
    _unenrol(row.user)
    return True


def _end_enrolments(user_pk: int) -> None:
    try:
        outlast(lambda: _unenrol(get_user_model().objects.get(pk=user_pk)))
    except Exception as error:
        log.error("LTI: user %s, which gave way, is still enrolled: %s", user_pk, traced(error))


@transaction.atomic
def _unenrol(user: AbstractUser) -> None:
    """End what rosters enrolled an account in whose person is gone, unless it is somebody's."""
    lock(user.pk)
    is_used = ahead.is_used(user)
    for row in EnrolledAhead.objects.select_for_update().filter(platform_user=None, user_id=user.pk).order_by("pk"):
        row.delete()  # the last one of several lists ends it
        key = CourseKey.from_string(row.course_key)
        if is_used or row.taken_at is not None or due.is_held(row, user.pk) or not _is_there(key):
            continue
        try:
            with transaction.atomic():
                host.current().membership.unenrol(user, key, row.mode)
        except LtiError as error:  # the LMS lets nobody leave this course
            log.warning("LTI: user %s stays in %s: %s", user.pk, row.course_key, error.code)


def _is_there(key: CourseKey) -> bool:
    """Tell whether there is still such a course: nobody can be taken out of one that was deleted."""
    return host.current().content.enrolment_modes(key) is not None
