"""People who came through the LMS's own LTI 1.1 provider, and the accounts that they have from there.

An account is taken over at the person's first launch or never: two accounts are not merged. Only learners keep theirs.
Accounts that are staff's, are switched off, or belong to another person of any platform are never taken over.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction

from lti_1p3_provider import host, quotas
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.errors import AccountPrivileged
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.lti.lti1p1 import MAX_TEXT, is_signed
from lti_1p3_provider.registrations.legacy_way import SAME_IDS, SIGNED, STATED
from lti_1p3_provider.users import ordinary
from lti_1p3_provider.users.models import LegacyMatch, PlatformUser

LAUNCH = Author(None, Change.Way.LAUNCH)
Outcome = LegacyMatch.Outcome


@dataclass(frozen=True, slots=True)
class Claimed:
    """The person of LTI 1.1 that a launch's person is said to have been."""

    consumer_key: str
    user_id: str

    @property
    def digest(self) -> str:
        """A name for this claim, different from all others."""
        return digest(f"{self.consumer_key}\0{self.user_id}")


def adopt(launch: Launch[Message], profile_digest: str) -> PlatformUser | None:
    """Bind the person of a first launch to the account from LTI 1.1; return None if there is none that this launch may
    have.

    Costs nothing where the registration recognizes nobody. In the launch's transaction. If two people are said to be
    the same one, the first gets the account.
    """
    said = claimed(launch)
    account = _account(launch, said) if said is not None else None
    if said is None or account is None:
        return None
    try:
        with transaction.atomic():
            return _bind(launch, said, account, profile_digest)
    except IntegrityError:  # the same person, in this very moment
        return None


def notice(launch: Launch[Message], person: PlatformUser) -> None:
    """Write down, once, that somebody is said to have been another person in LTI 1.1, and why they keep the account
    that they have.

    Costs nothing as long as the launch says what it said before.
    """
    said = claimed(launch)
    if said is None or said.digest == person.legacy_digest:
        return
    account = _account(launch, said)
    if account is None and launch.registration.legacy_way == SIGNED and not _is_proved(launch, said):
        _keep(person, said, None, Outcome.UNPROVED)
    elif account is not None and account.pk != person.user_id:
        _keep(person, said, account, obstacle(account) or Outcome.HAS_ACCOUNT)
    person.legacy_digest = said.digest
    person.save(update_fields=["legacy_digest"])


def claimed(launch: Launch[Message]) -> Claimed | None:
    """Return the person of LTI 1.1 that the launch's person may have been; None for everybody but learners."""
    registration, message = launch.registration, launch.message
    if not registration.legacy_way or registration.legacy_has_ended:
        return None
    if message.subject is None or not message.roles.only_learns:
        return None
    said, only = message.lti1p1, registration.legacy_consumer_key
    if registration.legacy_way == SAME_IDS:
        found = Claimed(only, message.subject)
    elif said is None:
        return None
    else:
        named = said.consumer_key or (only if registration.legacy_way == STATED else "")
        found = Claimed(named, said.user_id or message.subject)
    fits = only in ("", found.consumer_key) and found.consumer_key and len(found.user_id) <= MAX_TEXT
    return found if fits else None


def keeps_account(launch: Launch[Message]) -> bool:
    """Tell whether a launch's person has an account from LTI 1.1 that they may keep."""
    said = claimed(launch)
    account = _account(launch, said) if said is not None else None
    return account is not None and obstacle(account) is None


def obstacle(account: AbstractUser) -> LegacyMatch.Outcome | None:
    """Return why nobody may have an account from LTI 1.1; None if the next person may."""
    if not account.is_active or host.current().retirement.under_way([account.pk]):
        return Outcome.INACTIVE
    try:
        ordinary.require(account)
    except AccountPrivileged:
        return Outcome.STAFF
    return Outcome.TAKEN if PlatformUser.objects.filter(user_id=account.pk).exists() else None


def _account(launch: Launch[Message], said: Claimed) -> AbstractUser | None:
    if launch.registration.legacy_way == SIGNED and not _is_proved(launch, said):
        return None
    return host.current().legacy.account(said.consumer_key, said.user_id)


def _is_proved(launch: Launch[Message], said: Claimed) -> bool:
    claim, registration = launch.message.lti1p1, launch.registration
    if claim is None:
        return False
    secrets = host.current().legacy.secrets(said.consumer_key)
    return is_signed(secrets, claim, launch.message.deployment_id, registration.issuer, registration.client_id)


def _bind(launch: Launch[Message], said: Claimed, account: AbstractUser, profile_digest: str) -> PlatformUser | None:
    """Wait at the account's row for others who want it, then check again."""
    locked = get_user_model().objects.select_for_update().filter(pk=account.pk).first()
    if locked is None or obstacle(locked):
        return None
    if PlatformUser.objects.select_for_update().filter(user_id=locked.pk).values_list("pk").first():
        return None  # as it is now, where a transaction goes on reading what was when it began
    sub = launch.message.subject or ""
    made = PlatformUser.objects.create(
        registration=launch.registration,
        sub=sub,
        sub_digest=digest(sub),
        user=locked,
        profile_digest=profile_digest,
        legacy_digest=said.digest,
        linked=True,
    )
    _keep(made, said, account, Outcome.ADOPTED)
    quotas.count(launch.deployment, "people")
    registration = launch.registration
    thing = Thing("LTI 1.1 account", said.consumer_key, registration.org, registration.pk)
    after = {"account": account.pk, "way": registration.legacy_way, "deployment": launch.deployment.deployment_id}
    note(LAUNCH, Change.Action.CREATED, thing, {}, after)
    return made


def _keep(person: PlatformUser, said: Claimed, account: AbstractUser | None, outcome: LegacyMatch.Outcome) -> None:
    values = {"consumer_key": said.consumer_key, "account": account, "outcome": outcome}
    LegacyMatch.objects.update_or_create(platform_user=person, defaults=values)
