"""Reads a platform's list of a course's people and stores it: the whole list, or nothing of it.

Somebody who is missing from a list with gaps has not left. Courses of other platforms are not touched, even if they
link to the same course here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from lti_1p3_provider.database.conflicts import outlast, traced
from lti_1p3_provider.database.upserts import CHUNK, chunks
from lti_1p3_provider.errors import DeploymentDisabled, LtiError, RegistrationDisabled, RosterNotOffered
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import nrps, transport
from lti_1p3_provider.lti.nrps import Members, Status
from lti_1p3_provider.memberships.kept import names
from lti_1p3_provider.memberships.models import Member, Roster
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.scores.gradebook import awaited
from lti_1p3_provider.users.models import PlatformUser

log = logging.getLogger(__name__)

CLOCKS = timedelta(minutes=10)  # by which the clocks of two workers may differ
COLUMNS = ("subject_digest", "roles", "status", "platform_user_id")


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on a platform's list, with the primary key of their platform user; None if they never launched."""

    member: nrps.Member
    platform_user_pk: int | None

    @property
    def roles(self) -> tuple[str, ...]:
        """Names of context roles."""
        return tuple(sorted(self.member.roles.context))


@dataclass(frozen=True, slots=True)
class Read:
    """A platform's list as it was read. ``began`` names the read."""

    members: Members
    listed: list[Listed]
    began: datetime


def sync(context: Context, now: datetime | None = None) -> tuple[list[Listed], bool]:
    """Read who is in a platform's course and store it; return everybody on the list, and whether it is complete.

    Raises:
        LtiError: as ``read`` does.
    """
    found = read(context, now)
    return found.listed, found.members.complete


def read(context: Context, now: datetime | None = None) -> Read:
    """Read who is in a platform's course and store it. Never call it in a transaction. If a newer read was stored
    meanwhile, this one is not, nor is its failure.

    Raises:
        RegistrationDisabled, DeploymentDisabled
        RosterNotOffered: no launch said where the list is.
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
            KeyInvalid: nothing has changed.
        django.db.Error: the list was not stored, though it was tried again where others came first.
    """
    began = now or timezone.now()
    Roster.objects.get_or_create(context=context)
    try:
        members = _ask(context)
    except LtiError as error:
        not_newer = Q(tried_at=None) | Q(tried_at__lte=began) | Q(tried_at__gt=timezone.now() + CLOCKS)
        Roster.objects.filter(not_newer, context=context).update(tried_at=began, failure=error.code)
        raise
    write = partial(_write, context, members, began)
    try:
        listed = outlast(write)
    except IntegrityError:  # somebody was forgotten, or an account unlinked, between a look and the writing
        listed = outlast(write)
    return Read(members, listed, began)


def is_newer(at: datetime | None, began: datetime) -> bool:
    """Tell whether something happened after ``began``."""
    return at is not None and began < at and not is_to_come(at)


def is_to_come(at: datetime) -> bool:
    """Tell whether a moment that is over is still to come: a clock was wrong when it was written down. It must not hold
    back what happens until then."""
    return at > timezone.now() + CLOCKS


def look_for_columns(context: Context) -> None:
    """Find out what the course's team had graded since people came, because the platform is being asked anyway. It
    makes scores due, so no dry run does it. A failure is logged, and stops nothing that follows."""
    try:
        awaited.look(context)
    except Exception as error:
        why = error.code if isinstance(error, LtiError) else traced(error)
        log.warning("LTI: no columns were looked for in context %s: %s", context.pk, why)


@transaction.atomic
def _write(context: Context, members: Members, began: datetime) -> list[Listed]:
    """Write the list down. Platform users are not locked: somebody who forgets people deletes members first, so both
    would wait for each other."""
    roster = Roster.objects.select_for_update().filter(context=context).first()
    listed = with_accounts(context.deployment.registration_id, members)
    if roster is None or is_newer(roster.asked_at, began):  # None: its registration is gone
        return listed
    _keep(context, listed, members.complete, began)
    roster.asked_at, roster.complete = began, members.complete
    if not is_newer(roster.tried_at, began):
        roster.tried_at, roster.failure = began, ""
    roster.save()
    return listed


def _ask(context: Context) -> Members:
    deployment = context.deployment
    if not deployment.registration.enabled:
        raise RegistrationDisabled(str(deployment.registration))
    if deployment.status != Deployment.Status.APPROVED:
        raise DeploymentDisabled(str(deployment))
    if not context.memberships_url:
        raise RosterNotOffered("no launch from this course said where its people are listed")
    return transport.run(nrps.read(deployment, context.memberships_url))


def with_accounts(registration_pk: int, members: Members) -> list[Listed]:
    """Return the people on a list, with the platform users that exist now."""
    digested = [digest(one.sub) for one in members.people]
    known: dict[str, int] = {}
    for some in chunks(digested):
        rows = PlatformUser.objects.filter(registration_id=registration_pk, sub_digest__in=some)
        known.update(rows.values_list("sub_digest", "pk"))
    return [Listed(one, known.get(name)) for one, name in zip(members.people, digested, strict=True)]


def _keep(context: Context, listed: Iterable[Listed], complete: bool, now: datetime) -> None:
    """Store the list. Test users of the platform are left out. Rows whose digest was made with an older secret get the
    newest one."""
    registration_pk = context.deployment.registration_id
    rows = Member.objects.filter(context=context).values_list("pk", *COLUMNS)
    before = {columns[0]: (pk, columns) for pk, *columns in rows}
    new, changed, seen = [], [], []
    for one in listed:
        if one.member.roles.is_test_user:
            continue
        named = names(registration_pk, one.member.sub)
        values = {"subject_digest": named[0], **_values(one)}
        known = next((name for name in named if name in before), None)
        if known is None:
            new.append(values)
            continue
        pk, columns = before.pop(known)
        seen.append(pk)
        if columns != [values[name] for name in COLUMNS]:
            changed.append(Member(pk=pk, **values))
    at = {"context": context, "first_seen": now, "last_seen": now}
    for some in chunks(new):  # rows of tens of thousands are not held all at once
        Member.objects.bulk_create([Member(**at, **values) for values in some])
    fields = ("subject_digest", "roles", "status", "platform_user")
    Member.objects.bulk_update(changed, fields, batch_size=CHUNK // 5)
    _update(seen, last_seen=now)
    if complete:
        _update([pk for pk, (_, _, status, _) in before.values() if status != Status.DELETED], status=Status.DELETED)


def _values(one: Listed) -> dict[str, object]:
    return {"roles": " ".join(one.roles), "status": str(one.member.status), "platform_user_id": one.platform_user_pk}


def _update(pks: Sequence[int], **values: object) -> None:
    for some in chunks(pks):
        Member.objects.filter(pk__in=some).update(**values)
