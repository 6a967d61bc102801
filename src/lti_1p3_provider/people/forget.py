"""Forgets people, because the LMS retires their account or an operator asks for it.

``sub``, scores, grants and rows of rosters are deleted, roles that launches gave are taken back, and attempts lose what
identifies the person. The account is erased if a launch made it and nobody else has it. Sessions end at their next
request (``launches.sessions``). A worker that is about to send a score of theirs notices in time
(``scores.outbox.recipients``). Somebody who launches again is a new person.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider import host
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.database.conflicts import outlast
from lti_1p3_provider.diagnostics import subjects
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.memberships import kept
from lti_1p3_provider.memberships.kept import members_of
from lti_1p3_provider.people.find import Person, as_of_now, of_rows
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import CourseRole, Grant, LegacyMatch, PlatformUser

log = logging.getLogger(__name__)


WORDS = {  # what each number of ``Forgotten`` counts
    "people": _("people of platforms, with what the platforms call them"),
    "scores": _("scores that were sent or wait"),
    "grants": _("grants to open content"),
    "attempts": _("launch attempts that lose the person's name"),
    "course_roles": _("roles in courses that launches gave, which are taken back"),
    "rosters": _("platforms' courses that list them, as a digest"),
    "accounts_erased": _("accounts switched off, without name and address"),
    "accounts_left": _(
        "accounts left as they are: staff's, linked, with a password of their own, another platform's too, or being "
        "retired by the LMS"
    ),
}


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much there is to forget, or was forgotten. ``accounts_left``: accounts that no launch made, that somebody
    else has too, that are staff's, or that the LMS is deleting; only their tie to the platform goes."""

    people: int = 0
    scores: int = 0
    grants: int = 0
    attempts: int = 0
    course_roles: int = 0
    rosters: int = 0
    accounts_erased: int = 0
    accounts_left: int = 0

    def __add__(self, other: Forgotten) -> Forgotten:
        return Forgotten(**{name: value + getattr(other, name) for name, value in asdict(self).items()})


def foresee(people: Iterable[Person]) -> Forgotten:
    """Return what ``forget`` would do, without doing it."""
    found = list(people)
    ours = [_is_ours_alone(user, found) for user in _accounts(found)]
    return sum(map(_stored, found), Forgotten(accounts_erased=ours.count(True), accounts_left=ours.count(False)))


def forget(people: Iterable[Person]) -> Forgotten:
    """Forget people; return what was forgotten. Forgetting somebody twice does no harm."""
    whom = list(people)
    done = outlast(lambda: _forget(whom))
    log.info("LTI: forgotten: %s", asdict(done))
    return done


@transaction.atomic
def _forget(people: list[Person]) -> Forgotten:
    found = _waited_for(people)
    done = foresee(found)
    to_erase = [user for user in _accounts(found) if _is_ours_alone(user, found)]
    for person in found:
        _forget_one(person)
    for user in to_erase:
        host.current().identity.erase(user)
    return done


def retired(user_pk: int) -> None:
    """Forget everybody behind an account that the LMS retires, in the LMS's transaction. The account itself is left to
    the LMS.

    Raises:
        django.db.Error: nothing was forgotten; the LMS has to try again.
    """
    found = of_rows(PlatformUser.objects.filter(user_id=user_pk).select_related("registration", "user"))
    with transaction.atomic():
        _wait(found)
        done = sum(map(_stored, found), Forgotten())
        for person in found:
            _forget_one(person)
        Grant.objects.filter(user_id=user_pk).delete()
        LegacyMatch.objects.filter(account_id=user_pk).update(account=None)
        taking_back.take_all(CourseRole.objects.filter(user_id=user_pk))
    log.info("LTI: account %s is retired; forgotten: %s", user_pk, asdict(done))


def _wait(people: list[Person]) -> None:
    """Wait for workers that make accounts from rosters. All of them are waited for first, in a fixed order, so that two
    who forget people do not block each other."""
    registrations = {person.registration.pk: person.registration for person in people}
    for pk in sorted(registrations):
        kept.wait(registrations[pk])


def _waited_for(people: list[Person]) -> list[Person]:
    """Return the people as they are once no worker is making accounts for them: one may just have been made."""
    _wait(people)
    return [as_of_now(person) if person.registration.ahead_way else person for person in people]


def _stored(person: Person) -> Forgotten:
    attempts = _attempts(person).count()
    rosters = members_of(person.registration.pk, person.sub).count()
    if person.row is None:
        return Forgotten(attempts=attempts, rosters=rosters)
    scores = PendingScore.objects.filter(platform_user=person.row).count()
    grants, roles = _grants(person).count(), _roles(person).count()
    found = {"scores": scores, "grants": grants, "attempts": attempts, "course_roles": roles, "rosters": rosters}
    return Forgotten(people=1, **found)


def _forget_one(person: Person) -> None:
    """Forget one person. Deleting the row deletes its scores, too, and that rosters enrolled them: enrolments stay."""
    subjects.unname(_attempts(person))
    kept.forget(person.registration, person.sub)
    if person.row is not None:
        _grants(person).delete()
        taking_back.take_all(_roles(person))
        PlatformUser.objects.filter(pk=person.row.pk).delete()


def _attempts(person: Person) -> QuerySet[LaunchAttempt]:
    return subjects.attempts_of(person.registration.pk, person.sub, person.user_pk)


def _grants(person: Person) -> QuerySet[Grant]:
    return Grant.objects.filter(user_id=person.user_pk or 0, deployment__registration=person.registration)


def _roles(person: Person) -> QuerySet[CourseRole]:
    return CourseRole.objects.filter(user_id=person.user_pk or 0, deployment__registration=person.registration)


def _accounts(people: list[Person]) -> list[AbstractUser]:
    return list({person.user.pk: person.user for person in people if person.user is not None}.values())


def _is_ours_alone(user: AbstractUser, people: list[Person]) -> bool:
    """Tell whether only launches of these people used the account. Somebody who set a password, or is staff, uses it in
    other ways, too. What the LMS is deleting is the LMS's: it has replaced the email already."""
    rows = [person.row.pk for person in people if person.row]
    is_shared = PlatformUser.objects.filter(user_id=user.pk).exclude(pk__in=rows).exists()
    linked = any(person.row.linked for person in people if person.row and person.user_pk == user.pk)
    if is_shared or linked or user.has_usable_password() or host.current().retirement.under_way([user.pk]):
        return False
    given = CourseRole.objects.filter(user_id=user.pk).values_list("role", "course_key")
    held = {(one.name, one.course) for one in host.current().identity.staff_roles(user)}
    return not held.difference(given)
