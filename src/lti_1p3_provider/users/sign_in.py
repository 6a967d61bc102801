"""Finds or makes the account of a launch's person. Signing the browser in is the host's part, after everything has
passed."""

from __future__ import annotations

import logging
import re
import secrets
import uuid
from dataclasses import replace

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from lti_1p3_provider import host, quotas
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.errors import AccountInactive, AccountNotMade
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.claims import Launch, Message, Person
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users import ahead, legacy, linking, ordinary
from lti_1p3_provider.users.models import PlatformUser
from lti_1p3_provider.users.modes import Choice, require_choice

AHEAD_SHARE = 0.5  # of a day's new people that rosters may bring: launches find the rest
USERNAME = re.compile(r"lti_[0-9a-f]{24}")

log = logging.getLogger(__name__)


@prepared
def _known(registration: int, sub_digest: str) -> QuerySet[PlatformUser]:
    return PlatformUser.objects.select_related("user").filter(registration_id=registration, sub_digest=sub_digest)


def account_for(
    launch: Launch[Message],
    known: PlatformUser | None = None,
    choice: Choice | None = None,
    *,
    is_stranger: bool = False,
) -> PlatformUser:
    """Return the platform user of the launch, with an account whose profile is up to date.

    ``known`` is that platform user with its account, if somebody has read it already; ``is_stranger``: somebody has
    looked, and there was none. ``choice``: what a new person chose when they were asked. An anonymous launch makes an
    account of its own. Two first launches at once make one account.

    Raises:
        AccountAsked: the registration lets new people choose.
        AccountTaken: the account that was chosen is somebody else's of the registration.
        AccountChosenBefore: the person has another one.
        QuotaReached: the registration brought too many new people today.
        AccountInactive: the account was switched off.
        AccountRetiring: the account that was chosen is being deleted.
        AccountPrivileged: somebody else made it staff of something: a platform must not sign in to it.
    """
    sub = launch.message.subject or f"anonymous:{uuid.uuid4()}"
    person = _believed(launch.message.person, launch.registration)
    if known is None and not is_stranger:
        known = _find(launch.registration, sub)
    if known is not None and known.ahead:
        known = ahead.arrive(launch, known, choice)
    is_first = known is None
    known = known or _first(launch, sub, person, choice)
    if not (is_first and (known.is_new or known.linked)):  # if another launch was first, its account is looked at, too
        _require_usable(launch, known, choice)
        if not known.linked and known.profile_digest != _profile_digest(sub, person):
            _update_profile(known, person)
    legacy.notice(launch, known)
    return known


def _require_usable(launch: Launch[Message], known: PlatformUser, choice: Choice | None) -> None:
    if choice is not None and choice.user_pk is not None:
        linking.require_same(known, choice.user_pk)
    if not known.user.is_active:
        raise AccountInactive(f"user {known.user.pk}")
    known.course_roles = ordinary.require(known.user, launch.registration.pk)


def make_ahead(deployment: Deployment, sub: str) -> PlatformUser:
    """Return the platform user of somebody on a roster who has none, with an account like that of a first launch, but
    without a name. A launch of theirs at the same moment gets the same one. In the caller's transaction.

    Raises:
        QuotaReached: the deployment brought as many new people today as it may without a launch.
        AccountNotMade, StateStoreDown
    """
    quotas.require(deployment, "people", AHEAD_SHARE)
    return _create(deployment, sub, Person(), is_ahead=True)


def _first(launch: Launch[Message], sub: str, person: Person, choice: Choice | None) -> PlatformUser:
    made = _made(launch, sub, person, choice)
    if made.ahead:  # a roster made it in this very moment
        made = ahead.arrive(launch, made, choice) or _made(launch, sub, person, choice)
    return made


def _made(launch: Launch[Message], sub: str, person: Person, choice: Choice | None) -> PlatformUser:
    """Return a new person's platform user. Its account is the one that they proved to be theirs, else the one that they
    have from LTI 1.1, else a new one.

    Raises:
        AccountAsked, LinkingOver, AccountTaken, AccountChosenBefore, QuotaReached, AccountInactive, AccountRetiring,
            AccountPrivileged
    """
    quotas.require(launch.deployment, "people")
    if choice is not None and choice.user_pk is not None:
        require_choice(launch, choice)
        return _link(launch.deployment, sub, choice.user_pk)
    if adopted := legacy.adopt(launch, _profile_digest(sub, person)):
        return adopted
    require_choice(launch, choice)
    return _create(launch.deployment, sub, person)


def _update_profile(known: PlatformUser, person: Person) -> None:
    """Write down what the platform says of its person now. Not if the LMS is deleting the account: it has replaced the
    email already, and does not look after it once more."""
    if host.current().retirement.under_way([known.user_id]):
        return
    try:
        with transaction.atomic():
            host.current().identity.update_profile(known.user, person.email or None, person.name)
            if person.email in ("", known.user.email):  # else somebody has it, perhaps not for ever
                known.profile_digest = _profile_digest(known.sub, person)
                known.save(update_fields=["profile_digest"])
    except IntegrityError:  # somebody else took that email in this very moment
        log.info("LTI: the profile of user %s was left as it is", known.user_id)


def _believed(person: Person, registration: Registration) -> Person:
    """Leave out an email that nobody vouches for: the LMS takes an account's address as its owner's."""
    return person if registration.trust_emails else replace(person, email="")


def _profile_digest(sub: str, person: Person) -> str:
    return digest("\0".join((sub, person.name, person.email)))


def _find(registration: Registration, sub: str) -> PlatformUser | None:
    return _known.one(registration.pk, digest(sub))


def _create(deployment: Deployment, sub: str, person: Person, *, is_ahead: bool = False) -> PlatformUser:
    """Make account and platform user together. If two do so at once, the second takes what the first made.

    An email that somebody else takes at this moment is left out.
    """
    registration = deployment.registration
    for email in (person.email or None, None):
        try:
            with transaction.atomic():
                identity = host.current().identity
                user = identity.create_user(_username(), email, person.name, signs_in=not is_ahead)
                made = PlatformUser.objects.create(
                    registration=registration,
                    sub=sub,
                    sub_digest=digest(sub),
                    user=user,  # type: ignore[misc]
                    profile_digest=_profile_digest(sub, person) if person.email in ("", user.email) else "",
                    ahead=is_ahead,
                )
            quotas.count(deployment, "people")
            made.is_new = True
            return made
        except IntegrityError:
            made_meanwhile = _find(registration, sub)
            if made_meanwhile is not None:
                return made_meanwhile
    raise AccountNotMade("the database refused the account twice")


def _link(deployment: Deployment, sub: str, user_pk: int) -> PlatformUser:
    try:
        with transaction.atomic():
            made = linking.link(deployment, sub, user_pk)
    except IntegrityError:
        made_meanwhile = _find(deployment.registration, sub)
        if made_meanwhile is None:
            raise
        if not made_meanwhile.ahead:  # else it gives way
            linking.require_same(made_meanwhile, user_pk)
        return made_meanwhile
    quotas.count(deployment, "people")
    return made


def is_made_by_launch(username: str) -> bool:
    """Tell whether an account's name is one that a launch gives."""
    return bool(USERNAME.fullmatch(username))


def only_launches_sign_in(user: AbstractBaseUser) -> bool:
    """Tell by an account's name whether nobody but launches signs in to it. Tokens carry nothing else."""
    return is_made_by_launch(user.get_username()) and not user.has_usable_password()


def _username() -> str:
    """Return a name that says nothing about its owner."""
    return f"lti_{secrets.token_hex(12)}"
