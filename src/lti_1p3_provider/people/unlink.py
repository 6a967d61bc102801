"""Undoes the link between a platform's person and an account that they had before. The account stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.database.conflicts import outlast
from lti_1p3_provider.people.find import Person
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.linking import KIND
from lti_1p3_provider.users.models import CourseRole, Grant, LegacyMatch, PlatformUser


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What goes with a link: scores that were sent or wait, grants, and roles that launches gave. ``account`` is its
    username; the work and grades in the LMS stay with it."""

    account: str
    scores: int
    grants: int
    course_roles: int


def unlink(person: Person, author: Author, *, do_it: bool = True) -> Unlinked:
    """Undo a link, or only say what would go. Open sessions of the registration's launches end at their next request.
    At the next launch the person is a new one.

    Raises:
        LookupError: the person has no account, or one that a launch made: that is forgotten, not unlinked; or the next
            launch would bring the same account back.
    """
    return outlast(lambda: _unlink(person, author, do_it))


@transaction.atomic
def _unlink(person: Person, author: Author, do_it: bool) -> Unlinked:
    row = _linked(person)
    if not PlatformUser.objects.select_for_update().filter(pk=row.pk, user_id=row.user_id).values_list("pk").first():
        raise LookupError("This person has another account by now, or none.")
    of_account = {"user_id": row.user_id, "deployment__registration": person.registration}
    scores = PendingScore.objects.filter(platform_user=row)
    grants, roles = Grant.objects.filter(**of_account), CourseRole.objects.filter(**of_account)
    found = Unlinked(row.user.get_username(), scores.count(), grants.count(), roles.count())
    if do_it:
        registration = person.registration
        thing = Thing(KIND, f"user {row.user_id}", registration.org or "", registration.pk)
        before = {"account": row.user_id, "person": row.pk}
        grants.delete()
        taking_back.take_all(roles)
        PlatformUser.objects.filter(pk=row.pk).delete()
        note(author, Change.Action.DELETED, thing, before, {})
    return found


def _linked(person: Person) -> PlatformUser:
    row, registration = person.row, person.registration
    if row is None or not row.linked:
        raise LookupError("This person has no linked account. What launches made is forgotten: see the verb forget.")
    recognizes = bool(registration.legacy_way) and not registration.legacy_has_ended
    adopted = LegacyMatch.objects.filter(platform_user=row, outcome=LegacyMatch.Outcome.ADOPTED)
    if recognizes and adopted.exists():
        raise LookupError(
            "The account comes from LTI 1.1, and the next launch would bring it back. First let the registration "
            "recognize nobody of LTI 1.1 any more."
        )
    return row
