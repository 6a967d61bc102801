"""Accounts and enrolments before people come: does what a complete roster makes due, a person at a time.

Only learners who take part now, only where the gate opens a course whole, and never for an account of staff. Unenrolled
is only whom a roster enrolled. Each person is a transaction of its own, in which all is looked at again: a launch, a
newer read of the same list and whoever forgets people may come at any moment.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace

from django.db import transaction
from django.utils import timezone

from lti_1p3_provider import host
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.course_roles.settle import lock
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.errors import AccountPrivileged, QuotaReached
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.memberships import due, kept
from lti_1p3_provider.memberships.due import Place
from lti_1p3_provider.memberships.models import EnrolledAhead, Roster
from lti_1p3_provider.memberships.plan import Outcome, Stopped, plan
from lti_1p3_provider.memberships.sync import Read
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.users import ordinary, sign_in
from lti_1p3_provider.users.models import PlatformUser

MOST = 500  # people for whom something is done in one go

log = logging.getLogger(__name__)


class _Over(Exception):
    """A newer read of the list is kept by now, or the registration wants something else."""


def provide(
    context: Context, read: Read, author: Author, *, whole: bool = False, shrinks: bool = False, most: int = MOST
) -> Outcome | None:
    """Do what a list that was just read makes due, for ``most`` people, or for as many again and again until the
    ``whole`` list is done; None: the registration wants none of it. ``shrinks``: many may be unenrolled at once. Never
    in a transaction."""
    outcome = _go(context, read, shrinks, most)
    last = outcome
    while whole and outcome is not None and last is not None and last.left and last.did:
        last = _go(context, read, True, most)
        outcome = replace(outcome, left=0) + last if last is not None else outcome
    if outcome is not None and outcome.stopped != Stopped.NEWER:
        _keep(context, outcome, author)
    return outcome


def _go(context: Context, read: Read, shrinks: bool, most: int) -> Outcome | None:
    """Go through the list once."""
    found = plan(context, read, shrinks=shrinks)
    if found is None:
        return None
    done, room = Outcome(stopped=found.stopped), most
    try:
        for sub, what in found.steps():
            if not room or (done.stopped == Stopped.QUOTA and what is None):
                done += Outcome(left=1)
                continue
            room -= 1
            done += _one(found.place, read, sub, what)
    except _Over:
        return replace(done, stopped=Stopped.NEWER)
    return done


def _one(place: Place, read: Read, sub: str, what: int | EnrolledAhead | None) -> Outcome:
    """Do one thing. Whatever goes wrong costs this one and nothing else.

    Raises:
        _Over
    """
    try:
        with transaction.atomic():
            _hold(place, read)
            return _let_go(place, what) if isinstance(what, EnrolledAhead) else _bring(place, sub, what)
    except QuotaReached:
        return Outcome(left=1, stopped=Stopped.QUOTA)
    except AccountPrivileged:
        return Outcome(refused=1)
    except _Over:
        raise
    except Exception as error:  # the LMS's too
        log.error("LTI: nothing was done ahead for somebody of context %s: %s", place.context.pk, traced(error))
        return Outcome(refused=1)


def _hold(place: Place, read: Read) -> None:
    """Wait for others who do the same, and for whoever forgets people.

    Raises:
        _Over
    """
    registration = place.registration
    rows = Roster.objects.select_for_update().filter(context=place.context, asked_at=read.began)
    same = Registration.objects.filter(pk=registration.pk, enabled=True, ahead_way=registration.ahead_way)
    if not rows.values_list("pk").first() or not same.exists():
        raise _Over


def _bring(place: Place, sub: str, pk: int | None) -> Outcome:
    """Make an account if there is none, and enrol it."""
    registration = place.registration
    person = PlatformUser.objects.select_related("user").filter(pk=pk or 0).first()
    if pk is None:
        if kept.is_forgotten(registration.pk, kept.names(registration.pk, sub)):
            return Outcome()
        person = sign_in.make_ahead(place.deployment, sub)
        kept.members_of(registration.pk, sub).filter(context=place.context).update(platform_user=person)
    if person is None:  # forgotten in this very moment
        return Outcome()
    if not person.user.is_active:
        return Outcome(refused=1)
    ordinary.require(person.user, registration.pk)
    lock(person.user_id)
    enrolled = 0
    for one in list(due.wanted(place, [person.pk])):
        if one.enrols:
            host.current().content.enrol(person.user, one.course_key, registration.enrolment_mode)
            enrolled += 1
        row = one.row or EnrolledAhead(
            context=place.context,
            platform_user=person,
            user=person.user,
            course_key=str(one.course_key),
            course_digest=digest(str(one.course_key)),
        )
        row.mode, row.taken_at = registration.enrolment_mode, None
        row.save()
    return Outcome(accounts=int(pk is None and person.ahead), enrolled=enrolled)


def _let_go(place: Place, row: EnrolledAhead) -> Outcome:
    """Take somebody out of a course, unless something else holds them there, too."""
    now = EnrolledAhead.objects.select_related("user").filter(pk=row.pk, taken_at=None).first()
    if now is None:
        return Outcome()
    user = now.user
    ordinary.require(user, place.registration.pk)
    lock(user.pk)
    key = next(key for key in place.courses if str(key) == now.course_key)
    gone = not due.is_held(now, user.pk) and host.current().membership.unenrol(user, key, now.mode)
    now.taken_at = timezone.now()
    now.save(update_fields=["taken_at"])
    return Outcome(unenrolled=int(gone))


def _keep(context: Context, outcome: Outcome, author: Author) -> None:
    """Keep it for the page, and note what changed something, or was held back."""
    said = asdict(outcome)
    with transaction.atomic():
        Roster.objects.filter(context=context).update(ahead={"at": timezone.now().isoformat(), **said})
        if outcome.did or outcome.stopped in (Stopped.SHRUNK, Stopped.QUOTA):
            registration = context.deployment.registration
            thing = Thing("roster", str(context), registration.org, registration.pk)
            note(author, Change.Action.CHANGED, thing, {}, said)
