"""Accounts that a roster made before their people came: what happens when the person comes, or never does."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from lti_1p3_provider import host
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.registrations.models import AccountMode
from lti_1p3_provider.users import legacy
from lti_1p3_provider.users.models import PlatformUser
from lti_1p3_provider.users.modes import Choice, mode_of


def arrive(launch: Launch[Message], person: PlatformUser, choice: Choice | None) -> PlatformUser | None:
    """Return the platform user of a first launch whose account a roster made. In the launch's transaction.

    None: there is none any more, or that account was given up, because the person proved to have another one, has one
    from LTI 1.1, or has to choose, or because the LMS is deleting it. Rosters, operators and the clean-up change such
    people, too, so the row is read again, and locked.
    """
    now = PlatformUser.objects.select_for_update().filter(pk=person.pk).first()
    if now is None or not now.ahead:
        return now
    if _gives_way(launch, now, choice):
        give_up(now)
        return None
    _came(now)
    return now


def _gives_way(launch: Launch[Message], person: PlatformUser, choice: Choice | None) -> bool:
    if choice is not None and choice.user_pk is not None:
        return True
    if host.current().retirement.under_way([person.user_id]):
        return True
    mode = mode_of(launch)
    if mode is AccountMode.ONLY or (mode is AccountMode.PROOF and choice is None):
        return True
    return legacy.keeps_account(launch)


def _came(person: PlatformUser) -> None:
    person.ahead, person.created_at = False, timezone.now()
    person.save(update_fields=["ahead", "created_at"])


def give_up(person: PlatformUser) -> None:
    """Forget somebody who never launched, and switch their account off. What rosters enrolled it in ends with the next
    clean-up (``memberships.unused_accounts``). In the caller's transaction."""
    user = person.user
    person.enrolled_ahead.update(platform_user=None)
    person.delete()
    if not is_used(user):
        host.current().identity.erase(user)


def is_used(user: AbstractUser) -> bool:
    """Tell whether somebody else has the account by now, it was used, or the LMS is deleting it."""
    if host.current().retirement.under_way([user.pk]):
        return True
    if user.has_usable_password() or host.current().identity.staff_roles(user):
        return True
    return PlatformUser.objects.filter(user_id=user.pk).exists()
