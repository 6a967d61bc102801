"""Ties a platform's person to an account that they have here and proved to be theirs. Nothing is ever merged: a person
who has an account keeps it."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction

from lti_1p3_provider import host
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.errors import AccountChosenBefore, AccountInactive, AccountRetiring, AccountTaken
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.users import ordinary
from lti_1p3_provider.users.models import PlatformUser

KIND = "account link"


def link(deployment: Deployment, sub: str, user_pk: int) -> PlatformUser:
    """Make the platform user of a person who has none, in the launch's transaction. Others who want the same account
    wait at its row.

    Raises:
        AccountInactive, AccountRetiring, AccountPrivileged
        AccountTaken: somebody else of the registration has the account.
        IntegrityError: the person got an account in this very moment.
    """
    registration = deployment.registration
    user = require_free(registration, user_pk)
    made: PlatformUser = PlatformUser.objects.create(
        registration=registration,
        sub=sub,
        sub_digest=digest(sub),
        user=user,  # type: ignore[misc]
        linked=True,
    )
    thing = Thing(KIND, f"user {user_pk}", registration.org or "", registration.pk)
    note(Author(user, Change.Way.LAUNCH), Change.Action.CREATED, thing, {}, {"account": user_pk, "person": made.pk})
    return made


def require_free(registration: Registration, user_pk: int) -> AbstractUser:
    """Return an account that a person of the registration may have, locked until the transaction ends.

    Raises:
        AccountInactive, AccountRetiring, AccountPrivileged
        AccountTaken: somebody else of the registration has the account.
    """
    user = get_user_model().objects.select_for_update().filter(pk=user_pk).first()
    if user is None or not user.is_active:
        raise AccountInactive(f"user {user_pk}")
    if host.current().retirement.under_way([user_pk]):  # whoever is put there waits for our lock
        raise AccountRetiring(f"user {user_pk}")
    ordinary.require(user)
    # With a lock it is read as it is now, where a transaction goes on reading what was when it began.
    others = PlatformUser.objects.select_for_update().filter(registration=registration, user_id=user_pk)
    if others.values_list("pk").first():
        raise AccountTaken(f"user {user_pk} is somebody else's of registration {registration.pk}")
    found: AbstractUser = user
    return found


def require_same(known: PlatformUser, user_pk: int) -> None:
    """Return if a person who has an account proved to have the same one.

    Raises:
        AccountChosenBefore: they mean another one.
    """
    if known.user_id != user_pk:
        raise AccountChosenBefore(f"person {known.pk} has user {known.user_id}, and proved to be user {user_pk}")


def foresee(registration: Registration, sub: str, user_pk: int) -> None:
    """Return if a person could have an account now. Nothing is written.

    Raises:
        AccountInactive, AccountRetiring, AccountPrivileged, AccountTaken, AccountChosenBefore
    """
    known = PlatformUser.objects.filter(registration=registration, sub_digest=digest(sub)).first()
    if known is not None and not known.ahead:  # an account that a roster made gives way to one that is proved
        require_same(known, user_pk)
        return
    with transaction.atomic():
        require_free(registration, user_pk)
