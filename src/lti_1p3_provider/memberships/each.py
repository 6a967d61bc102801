"""Does one thing that a roster makes due: brings one person in, or takes one out.

Each is a transaction of its own, in which everything is checked again. A launch, a newer read of the same list, or
somebody who forgets people may come at any moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import Error, transaction
from django.db.models import QuerySet
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.course_roles.mapping import opens_whole
from lti_1p3_provider.course_roles.settle import lock
from lti_1p3_provider.database.conflicts import is_conflict, outlast, traced
from lti_1p3_provider.database.upserts import chunks
from lti_1p3_provider.errors import AccountPrivileged, LtiError, QuotaReached
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.memberships import due, kept
from lti_1p3_provider.memberships.due import Place, Wanted
from lti_1p3_provider.memberships.models import EnrolledAhead, Roster
from lti_1p3_provider.memberships.plan import Outcome, Stopped
from lti_1p3_provider.memberships.sync import Read
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users import ordinary, sign_in
from lti_1p3_provider.users.models import PlatformUser

log = logging.getLogger(__name__)


class Over(Exception):
    """This read no longer counts: a newer one is stored, or the registration's wishes have changed."""


def do(place: Place, read: Read, sub: str, what: int | EnrolledAhead | None) -> Outcome:
    """Do one thing. If it fails, only this person is affected.

    Raises:
        Over
    """
    try:
        return outlast(lambda: _do(place, read, sub, what))
    except QuotaReached:
        return Outcome(left=1, stopped=Stopped.QUOTA)
    except AccountPrivileged:
        return Outcome(refused=1)
    except Over:
        raise
    except Exception as error:  # the LMS's too
        why = error.code if isinstance(error, LtiError) else traced(error)
        log.error("LTI: nothing was done ahead for somebody of context %s: %s", place.context.pk, why)
        return Outcome(refused=1)


@transaction.atomic
def _do(place: Place, read: Read, sub: str, what: int | EnrolledAhead | None) -> Outcome:
    _hold(place, read)
    return _let_go(place, what) if isinstance(what, EnrolledAhead) else _bring(place, sub, what)


def remember(place: Place, sub: str, what: int | EnrolledAhead | None, at: datetime) -> None:
    """Write down that somebody was refused: they wait for all others. If it fails, they are tried with the others next
    time."""
    if isinstance(what, EnrolledAhead):
        _mark(place, EnrolledAhead.objects.filter(pk=what.pk), at)
    else:
        _mark(place, kept.members_of(place.registration.pk, sub).filter(context=place.context), at)


def welcome(place: Place, rows: Iterable[EnrolledAhead]) -> None:
    """Forget that people could not be unenrolled, now that they are listed again."""
    for some in chunks([row.pk for row in rows]):
        _mark(place, EnrolledAhead.objects.filter(pk__in=some), None)


def _mark(place: Place, rows: QuerySet[Any], at: datetime | None) -> None:
    try:
        outlast(lambda: rows.update(refused_at=at))
    except Error as error:
        log.error("LTI: it was not noted who was refused in context %s: %s", place.context.pk, traced(error))


def disown(place: Place, read: Read, rows: Iterable[EnrolledAhead]) -> None:
    """Delete the rows of people who are no longer enrolled although no roster took them out: if they are enrolled
    later, that will be somebody else's enrolment.

    Raises:
        Over
    """
    try:
        for some in chunks(list(rows)):
            outlast(partial(_disown, place, read, some))
    except Over:
        raise
    except Exception as error:
        log.error("LTI: context %s keeps enrolments that are over: %s", place.context.pk, traced(error))


@transaction.atomic
def _disown(place: Place, read: Read, rows: Iterable[EnrolledAhead]) -> None:
    _hold(place, read)
    for row in rows:
        EnrolledAhead.objects.filter(user_id=row.user_id, course_digest=row.course_digest).delete()


def _hold(place: Place, read: Read) -> None:
    """Wait for others who do the same, and for somebody who forgets people.

    Raises:
        Over
    """
    rows = Roster.objects.select_for_update().filter(context=place.context, asked_at=read.began)
    if not rows.values_list("pk").first():
        raise Over
    now = Deployment.objects.select_related("registration__gate").filter(pk=place.deployment.pk).first()
    if now is None or not now.is_open or _wish(now.registration) != _wish(place.registration):
        raise Over
    if not all(opens_whole(now.registration, key) for key in place.all):
        raise Over


def _wish(registration: Registration) -> tuple[object, ...]:
    """Return the settings on which the decision about every person of a registration depends."""
    of_legacy = (registration.legacy_way, registration.legacy_has_ended)
    ways = (registration.ahead_way, registration.enrolment_mode, registration.learner_accounts, registration.platform)
    return (*ways, *of_legacy)


def _bring(place: Place, sub: str, pk: int | None) -> Outcome:
    """Make an account if there is none, and enrol it. A course that refuses does not affect the others."""
    person = _person(place, sub, pk)
    if person is None:
        return Outcome()
    user_pk = person.user_id
    if not person.is_new and (not person.user.is_active or host.current().retirement.under_way([user_pk])):
        return Outcome(refused=1)
    ordinary.require(person.user, place.registration.pk)
    lock(person.user_id)
    given = [_give(place, person, one) for one in list(due.wanted(place, [person.pk]))]
    made = int(person.is_new)
    return Outcome(accounts=made, enrolled=given.count(Outcome(enrolled=1)), refused=int(Outcome(refused=1) in given))


def _person(place: Place, sub: str, pk: int | None) -> PlatformUser | None:
    """Return the platform user, locked before its account, as launches do; None if it was forgotten, perhaps just
    now."""
    registration = place.registration
    if pk is None:
        if kept.is_forgotten(registration.pk, kept.names(registration.pk, sub)):
            return None
        made = sign_in.make_ahead(place.deployment, sub)
        kept.members_of(registration.pk, sub).filter(context=place.context).update(platform_user=made)
        if made.is_new:  # nobody else sees it yet
            return made
        pk = made.pk
    return PlatformUser.objects.select_for_update().filter(pk=pk).first()


def _give(place: Place, person: PlatformUser, one: Wanted) -> Outcome:
    """Enrol somebody in one course, and write down that a roster did."""
    row = one.row or EnrolledAhead(
        context=place.context,
        user=person.user,
        course_key=str(one.course_key),
        course_digest=digest(str(one.course_key)),
    )
    row.platform_user, row.mode, row.taken_at = person, place.registration.enrolment_mode, None
    try:
        with transaction.atomic():
            if one.enrols:
                host.current().content.enrol(person.user, one.course_key, place.registration.enrolment_mode)
            row.save()
    except Exception as error:  # the LMS's too
        if transaction.get_rollback() or (isinstance(error, Error) and is_conflict(error)):
            raise  # the database gave up all of it, as after a deadlock: it is done again
        why = error.code if isinstance(error, LtiError) else traced(error)
        log.error("LTI: user %s was not enrolled ahead in %s: %s", person.user_id, one.course_key, why)
        return Outcome(refused=1)
    return Outcome(enrolled=int(one.enrols))


def _let_go(place: Place, row: EnrolledAhead) -> Outcome:
    """Take somebody out of a course, unless they are on the list after all, something else keeps them there, or they
    are out already. A later enrolment of theirs is not ours any more."""
    now = EnrolledAhead.objects.select_related("user").filter(pk=row.pk, taken_at=None).first()
    if now is None or due.is_listed(now):
        return Outcome()
    user = now.user
    ordinary.require(user, place.registration.pk)
    lock(user.pk)
    key = CourseKey.from_string(now.course_key)
    if due.is_held(now, user.pk) or not host.current().membership.unenrol(user, key, now.mode):
        now.delete()
        return Outcome()
    now.taken_at = timezone.now()
    now.save(update_fields=["taken_at"])
    return Outcome(unenrolled=1)
