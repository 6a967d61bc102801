"""Gives and takes roles as launches say, and stores which launch gave which role.

The newest launch of a course from a deployment counts. Only what launches gave is ever taken. Everything that changes
the roles of one account waits at the account's row.
"""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.course_roles.mapping import Due, due
from lti_1p3_provider.host.course_roles import RoleName
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.users import given
from lti_1p3_provider.users.models import CourseRole, PlatformUser

LAUNCH = Author(None, Change.Way.LAUNCH)


def settle(launch: Launch[Message], person: PlatformUser, course_key: CourseKey) -> None:
    """Give the launch's person the role that the launch says, and take what an earlier launch of the same deployment
    gave and this one does not. In the launch's transaction.

    It costs nothing where the registration gives no roles and the account has none. Where nothing changes it costs one
    read of the account's rows, and one more if somebody else gave the role.
    """
    if not launch.registration.maps_roles and not person.course_roles:
        return
    rows = given.to(person.user_id) if person.course_roles is None else person.course_roles
    wanted = due(launch.registration, launch.message, course_key)
    mine = _of(rows, course_key, launch.deployment)
    if _is_as(wanted, mine) or (mine is None and wanted is not None and _is_others(person, course_key, wanted, rows)):
        return
    lock(person.user_id)
    rows = given.to_as_of_now(person.user_id)
    mine = _of(rows, course_key, launch.deployment)
    if _is_as(wanted, mine):
        return
    if mine is not None:
        mine.user = person.user  # the LMS keeps its roles there
        remove(mine, LAUNCH)
    if wanted is not None:
        _give(person, launch.deployment, course_key, wanted)


def lock(user_pk: int) -> None:
    """Wait until nobody else changes the account's roles, and hold others off until the transaction ends."""
    get_user_model().objects.select_for_update().filter(pk=user_pk).values_list("pk").first()


def remove(row: CourseRole, author: Author) -> None:
    """Delete a row, and take its role unless another row gives the same one. The account is locked."""
    course_key, role = CourseKey.from_string(row.course_key), RoleName(row.role)
    row.delete()
    if not _same(row.user_id, course_key, role).exists():
        host.current().course_roles.take(row.user, course_key, role)
    _note(author, Change.Action.DELETED, row)


def _give(person: PlatformUser, deployment: Deployment, course_key: CourseKey, wanted: Due) -> None:
    """Give the role and store that. A role that somebody else gave gets no row: only they may take it."""
    roles, user = host.current().course_roles, person.user
    if not _same(user.pk, course_key, wanted.role).exists():
        if roles.has(user, course_key, wanted.role):
            return
        roles.give(user, course_key, wanted.role)
    row = CourseRole.objects.create(
        user=user,
        course_key=str(course_key),
        course_digest=digest(str(course_key)),
        role=wanted.role.value,
        because=wanted.because,
        deployment=deployment,
    )
    _note(LAUNCH, Change.Action.CREATED, row)


def _is_others(person: PlatformUser, course_key: CourseKey, wanted: Due, rows: tuple[CourseRole, ...]) -> bool:
    """Tell whether the account has the role although no launch gave it."""
    given_by_launches = any((row.role, row.course_key) == (wanted.role.value, str(course_key)) for row in rows)
    return not given_by_launches and host.current().course_roles.has(person.user, course_key, wanted.role)


def _note(author: Author, action: Change.Action, row: CourseRole) -> None:
    of = row.deployment.registration if row.deployment else None
    thing = Thing("course role", row.course_key, of.org if of else "", of.pk if of else None)
    state = {
        "role": row.role,
        "because": row.because,
        "account": row.user_id,
        "deployment": row.deployment.deployment_id if row.deployment else None,
    }
    note(author, action, thing, *(({}, state) if action == Change.Action.CREATED else (state, {})))


def _same(user_pk: int, course_key: CourseKey, role: RoleName) -> QuerySet[CourseRole]:
    return CourseRole.objects.filter(user_id=user_pk, course_digest=digest(str(course_key)), role=role.value)


def _of(rows: tuple[CourseRole, ...], course_key: CourseKey, deployment: Deployment) -> CourseRole | None:
    named = (row for row in rows if row.course_key == str(course_key) and row.deployment_id == deployment.pk)
    return next(named, None)


def _is_as(wanted: Due | None, row: CourseRole | None) -> bool:
    if wanted is None or row is None:
        return wanted is None and row is None
    return (row.role, row.because) == (wanted.role.value, wanted.because)
