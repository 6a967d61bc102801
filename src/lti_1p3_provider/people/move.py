"""Moves a platform's person to another account of the site. Nothing is merged: what the old account did stays with
it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.database.conflicts import outlast
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import AccountInactive, AccountPrivileged, AccountRetiring, AccountTaken, LtiError
from lti_1p3_provider.people.find import Person
from lti_1p3_provider.scores.gradebook.grades import fresh
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.querysets import AWAITED
from lti_1p3_provider.users import linking
from lti_1p3_provider.users.models import CourseRole, Grant, LegacyMatch, PlatformUser
from lti_1p3_provider.users.sign_in import only_launches_sign_in

WHY_NOT: dict[type[LtiError], str | Promise] = {
    AccountInactive: _("This account is switched off."),
    AccountRetiring: _("The LMS is deleting this account, or did."),
    AccountPrivileged: _("This account is staff's, and no platform signs in to those."),
    AccountTaken: _(
        "Somebody else of the same registration has this account, and two people never share one. If the platform made "
        "one person of both, first move the other one to an account that nobody needs."
    ),
}


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move is about. ``left`` and ``account`` are usernames. ``scores`` go with the person; ``waiting`` of them
    are still to be sent, and ``awaiting`` are of links that have no column yet. ``grants``, and ``course_roles`` that
    launches gave, end with the old account. ``abandoned``: launches made the old account, nobody else's launches sign
    in to it, and nobody can sign in to it in another way."""

    left: str
    account: str
    scores: int
    waiting: int
    awaiting: int
    grants: int
    course_roles: int
    abandoned: bool


class NotMoved(LookupError):
    """The person cannot be moved, or not to this account. The argument tells the operator why."""


def move(person: Person, username: str, author: Author, *, do_it: bool = True) -> Moved:
    """Give the person another account, or only say what would go with them and what would stay. Open sessions of the
    registration's launches end at their next request; the next launch signs in to the other account.

    Others who want the same account, or move the same person, wait at the rows of both.

    Raises:
        NotMoved: the person has no account; there is no such account, or the person has it; or it may not be theirs.
    """
    return outlast(lambda: _move(person, username, author, do_it))


@transaction.atomic
def _move(person: Person, username: str, author: Author, do_it: bool) -> Moved:
    row = _person(person)
    user = _account(row, username)
    of_account = {"user_id": row.user_id, "deployment__registration": person.registration}
    scores = PendingScore.objects.filter(platform_user=row)
    waiting = scores.filter(due_at__isnull=False)
    grants, roles = Grant.objects.filter(**of_account), CourseRole.objects.filter(**of_account)
    shared = PlatformUser.objects.filter(user_id=row.user_id).exclude(pk=row.pk).exists()
    found = Moved(
        row.user.get_username(),
        user.get_username(),
        scores.count(),
        waiting.count(),
        scores.awaiting_column().count(),
        grants.count(),
        roles.count(),
        only_launches_sign_in(row.user) and not shared,
    )
    if do_it:
        list(scores.select_for_update().values_list("pk"))  # an answer that is being noted now waits, too
        grants.delete()
        taking_back.take_all(roles)
        _keep_earned(scores.filter(Q(due_at__isnull=False) | Q(**AWAITED)))
        _write(row, user, author)
    return found


def said(moved: Moved) -> list[str]:
    """Return what goes and what stays, in sentences."""
    account = {"left": moved.left, "account": moved.account}
    numbers = {"scores": moved.scores, "waiting": moved.waiting, "awaiting": moved.awaiting}
    numbers |= {"grants": moved.grants, "roles": moved.course_roles}
    lines = [
        _("With the person go their scores of this platform: %(scores)s, of which %(waiting)s are still to be sent."),
        _("Enrolments, progress and grades stay with %(left)s: nothing is merged."),
        _("Later scores are those of %(account)s."),
        _("What %(left)s loses: grants to open content: %(grants)s; roles in courses: %(roles)s."),
        _("The next launch gives what is due to %(account)s."),
        _("Sessions that this registration's launches opened in %(left)s end at their next request."),
    ]
    if moved.awaiting:
        lines.insert(1, _("%(awaiting)s of these scores wait for a column: what was earned so far is sent there."))
    if moved.abandoned:
        lines.append(
            _(
                "Nobody can sign in to %(left)s any more, and forgetting the person does not reach it: if its name and "
                "work are to go, too, retire it in the LMS."
            )
        )
    return [str(line) % {**account, **numbers} for line in lines]


def _person(person: Person) -> PlatformUser:
    """Return the platform user, locked before its account, as in launches."""
    if person.row is None:
        raise NotMoved(_("This person has no account here: they never launched, or were forgotten."))
    row = PlatformUser.objects.select_for_update().filter(pk=person.row.pk, user_id=person.row.user_id).first()
    if row is None:
        raise NotMoved(_("This person has no account here, or another one by now."))
    return row


def _account(row: PlatformUser, username: str) -> AbstractUser:
    """Return the other account; both are locked."""
    accounts = get_user_model().objects
    user = accounts.filter(username=username).first() if keeps(username) else None
    if user is None:
        raise NotMoved(_("There is no account with this username."))
    if user.pk == row.user_id:
        raise NotMoved(_("This person has this account already."))
    both = accounts.select_for_update().filter(pk__in=(user.pk, row.user_id))
    list(both.order_by("pk").values_list("pk"))  # in one order, whoever moves whom where
    try:
        return linking.require_free(row.registration, user.pk)
    except LtiError as error:
        raise NotMoved(WHY_NOT[type(error)]) from error


def _keep_earned(rows: QuerySet[PendingScore]) -> None:
    """Store the points of scores that wait and were not read yet, as a unit's are: they were earned with the old
    account, and cannot be read from the new one."""
    unread = sorted((row for row in rows.select_related("platform_user") if not row.known_grade), key=_course)
    for _key, group in groupby(unread, key=_course):
        same = list(group)
        try:
            found = fresh(same)
        except Exception as error:  # the LMS's own
            raise NotMoved(
                _("The LMS cannot say now what was earned and waits to be sent: try again later.")
            ) from error
        for row in same:
            if grade := found[row.pk]:
                PendingScore.objects.filter(pk=row.pk).update(earned=grade.earned, possible=grade.possible)


def _course(row: PendingScore) -> str:
    return row.course_key


def _write(row: PlatformUser, user: AbstractUser, author: Author) -> None:
    registration = row.registration
    before = {"account": row.user_id, "person": row.pk, "linked": row.linked}
    adopted = LegacyMatch.objects.filter(platform_user=row, outcome=LegacyMatch.Outcome.ADOPTED)
    adopted.update(outcome=LegacyMatch.Outcome.HAS_ACCOUNT)
    row.user, row.linked, row.profile_digest = user, True, ""  # type: ignore[assignment]
    row.ahead = False  # this account was not made before its person came, and is not switched off if they never do
    row.save(update_fields=["user", "linked", "profile_digest", "ahead"])
    after = {"account": user.pk, "person": row.pk, "linked": True}
    thing = Thing(linking.KIND, f"user {user.pk}", registration.org or "", registration.pk)
    note(author, Change.Action.CHANGED, thing, before, after)
