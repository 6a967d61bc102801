"""Compares a roster with the people here: who has launched, and who is enrolled in the courses that the platform's
course links to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.database.upserts import chunks
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.memberships.kept import names
from lti_1p3_provider.memberships.models import Member, Roster
from lti_1p3_provider.memberships.sync import Listed
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.users.models import PlatformUser


@dataclass(frozen=True, slots=True)
class Compared:
    """Somebody in a platform's course. ``sub`` is None where it is not known: for people without an account it is not
    stored. ``enrolled``: in one of the courses here that the platform's course links to."""

    sub: str | None
    roles: tuple[str, ...]
    status: str
    launched: bool
    enrolled: bool


@dataclass(frozen=True, slots=True)
class _User:
    """A platform user's account, 0 without one."""

    user_pk: int = 0
    sub: str | None = None
    launched: bool = False


NOBODY = _User()


def contexts(registration: Registration, context_id: str | None = None) -> list[Context]:
    """Return the platform courses that a registration's launches came from. ``context_id``: only those with this id;
    several deployments may have one."""
    rows = Context.objects.filter(deployment__registration=registration).select_related("deployment__registration")
    found = rows.filter(context_digest=digest(context_id)) if context_id is not None else rows
    return list(found.order_by("pk"))


def live(context: Context, listed: Iterable[Listed]) -> list[Compared]:
    """Compare a list that the platform has just sent."""
    found = list(listed)
    users = _users(one.platform_user_pk for one in found)
    enrolled = _enrolled(context, [user.user_pk for user in users.values()])
    said = []
    for one in found:
        user = users.get(one.platform_user_pk or 0, NOBODY)
        status, is_enrolled = str(one.member.status), user.user_pk in enrolled
        said.append(Compared(one.member.sub, one.roles, status, user.launched, is_enrolled))
    return said


def stored(context: Context) -> tuple[list[Compared], Roster | None]:
    """Compare what is stored. The roster is None if the platform was never asked. Launches since the last read
    count."""
    roster = Roster.objects.filter(context=context).first()
    rows = list(Member.objects.filter(context=context).order_by("pk"))
    since = _launched_since(context, roster)
    launched = {row.pk: row.platform_user_id or since.get(row.subject_digest) for row in rows}
    users = _users(launched.values())
    enrolled = _enrolled(context, [user.user_pk for user in users.values()])
    said = []
    for row in rows:
        user = users.get(launched[row.pk] or 0, NOBODY)
        roles, is_enrolled = tuple(row.roles.split()), user.user_pk in enrolled
        said.append(Compared(user.sub, roles, row.status, user.launched, is_enrolled))
    return said, roster


def _launched_since(context: Context, roster: Roster | None) -> dict[str, int]:
    if roster is None or roster.asked_at is None:
        return {}
    registration_pk = context.deployment.registration_id
    rows = PlatformUser.objects.filter(registration_id=registration_pk, created_at__gte=roster.asked_at)
    people = rows.values_list("pk", "sub").iterator()
    return {name: pk for pk, sub in people for name in names(registration_pk, sub)}


def _users(pks: Iterable[int | None]) -> dict[int, _User]:
    """Return what is known of platform users."""
    found: dict[int, _User] = {}
    for some in chunks([pk for pk in pks if pk is not None]):
        rows = PlatformUser.objects.filter(pk__in=some).values_list("pk", "user_id", "sub", "ahead")
        found.update({pk: _User(user, sub, not ahead) for pk, user, sub, ahead in rows})
    return found


def _enrolled(context: Context, user_ids: list[int]) -> frozenset[int]:
    links = ResourceLink.objects.filter(context=context).order_by()
    found: set[int] = set()
    for key in links.values_list("course_key", flat=True).distinct():
        for some in chunks(user_ids):
            found |= host.current().membership.enrolled(some, CourseKey.from_string(key))
    return frozenset(found)
