"""Which account a registration's new people get: a new one, or one that they have on this site already.

A mode counts only at a person's first launch. Learners and teachers have one each.
"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.errors import LinkingOver
from lti_1p3_provider.lti.claims import Launch, Message
from lti_1p3_provider.registrations.models import AccountMode


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose: the account that they proved to be theirs, or a new one if ``user_pk`` is None."""

    user_pk: int | None = None


class AccountAsked(Exception):
    """Raised for a new person of a registration that lets its people choose. Nothing was written."""

    def __init__(self, mode: AccountMode) -> None:
        super().__init__(mode)
        self.mode = mode


def mode_of(launch: Launch[Message]) -> AccountMode:
    """Return the mode for the launch's person. Test students and anonymous people always get new accounts."""
    message, registration = launch.message, launch.registration
    if message.subject is None or message.roles.is_test_user:
        return AccountMode.NEW
    said = registration.teacher_accounts if message.roles.is_instructor else registration.learner_accounts
    return AccountMode(said)


def require_choice(launch: Launch[Message], choice: Choice | None) -> None:
    """Return if the person may have what they chose, or a new account if they were not asked.

    Raises:
        AccountAsked: they have to choose first, or chose a new account, which the mode does not allow.
        LinkingOver: they proved to have an account, but the mode now allows new ones only.
    """
    mode = mode_of(launch)
    if choice is not None and choice.user_pk is not None:
        if mode is AccountMode.NEW:
            raise LinkingOver("this registration links no accounts")
        return
    if mode is AccountMode.ONLY or (mode is AccountMode.PROOF and choice is None):
        raise AccountAsked(mode)
