"""Takes back roles that launches gave and that are not due any more: a registration or deployment was switched off or
deleted, people get another role now, the gate opens only a part of the course, or a person is forgotten."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.background import after_commit
from lti_1p3_provider.course_roles.mapping import is_due
from lti_1p3_provider.course_roles.settle import lock, remove
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import CourseRole, PlatformUser

TASK = "lti_1p3_provider.take_back_course_roles"
BATCH = 500  # rows that are read at a time
CLEAN_UP = Author(None, Change.Way.CLEAN_UP)

log = logging.getLogger(__name__)


def take_back() -> int:
    """Take back all roles that are not due any more; return how many. Each is a transaction of its own. One that cannot
    be taken now is logged, and tried again by the next clean-up."""
    last, taken = 0, 0
    while rows := list(_rows().filter(pk__gt=last).order_by("pk")[:BATCH]):
        taken += sum(map(_take_one, rows))
        last = rows[-1].pk
    return taken


def ask(registration: Registration, most: int = BATCH) -> int:
    """Have a worker take back what is not due after a change of the registration; return how many roles that is. Only
    the first ``most`` are counted; the worker looks at all."""
    rows = list(_rows().filter(deployment__registration=registration).order_by("pk")[: most + 1])
    number = sum(not _stays(row) for row in rows[:most])
    if number or len(rows) > most:
        _wake()
    return number


def ask_for_deleted() -> int:
    """Have a worker take back what deleted deployments gave; return how many roles that is."""
    if number := CourseRole.objects.filter(deployment=None).count():
        _wake()
    return number


def take_all(rows: QuerySet[CourseRole]) -> int:
    """Take back these roles, in the caller's transaction, whether they are due or not; return how many."""
    found = list(rows.select_related("user", "deployment__registration").order_by("user_id", "pk"))
    for user_pk in dict.fromkeys(row.user_id for row in found):
        lock(user_pk)
    for row in found:
        remove(row, CLEAN_UP)
    return len(found)


def _take_one(row: CourseRole) -> bool:
    """Take one role back if it is not due. A failure affects no other."""
    try:
        if _stays(row):
            return False
        with transaction.atomic():
            lock(row.user_id)
            now = _rows().filter(pk=row.pk).first()  # a launch may have come in between
            if now is None or _stays(now):
                return False
            remove(now, CLEAN_UP)
            return True
    except Exception as error:  # the LMS's too
        log.error("LTI: course role %s was not taken back: %s", row.pk, traced(error))
        return False


def _wake() -> None:
    after_commit(TASK, (), "the next clean-up does it")


def _stays(row: CourseRole) -> bool:
    """Tell whether a role is due, and the account is still the person's. A launch may have given it just after an
    operator unlinked or moved the person."""
    return is_due(row) and bool(getattr(row, "has_person", False))


def _rows() -> QuerySet[CourseRole]:
    of_registration = {"user_id": OuterRef("user_id"), "registration_id": OuterRef("deployment__registration_id")}
    found = CourseRole.objects.select_related("user", "deployment__registration__gate")
    return found.annotate(has_person=Exists(PlatformUser.objects.filter(**of_registration)))
