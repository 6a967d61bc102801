"""Finds the person that an operator means: by a platform's ``sub``, or by the account here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.find import exact
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import PlatformUser


@dataclass(frozen=True, slots=True)
class Person:
    """A ``sub`` of a registration. ``row`` is None if it has no account here: it never launched, or was forgotten.
    There may still be attempts of it."""

    registration: Registration
    sub: str
    row: PlatformUser | None = None

    @property
    def user(self) -> AbstractUser | None:
        """The account."""
        return self.row.user if self.row else None

    @property
    def user_pk(self) -> int | None:
        """The account's primary key."""
        return self.row.user_id if self.row else None


def by_sub(issuer: str, client_id: str, sub: str) -> list[Person]:
    """Return the person of a registration.

    Raises:
        LookupError: there is no such registration.
    """
    registration = exact(issuer, client_id)
    if registration is None:
        raise LookupError(f"There is no registration with issuer {issuer!r} and client ID {client_id!r}.")
    row = PlatformUser.objects.select_related("user").filter(registration=registration, sub_digest=digest(sub)).first()
    return [Person(registration, sub, row)]


def by_username(username: str) -> list[Person]:
    """Return everybody who has this account.

    Raises:
        LookupError: there is none; no platform launches into that account, or there is no account.
    """
    rows = PlatformUser.objects.filter(user__username=username).order_by("pk")
    if not (found := of_rows(rows.select_related("registration", "user"))):
        raise LookupError(f"No platform's person has the account {username!r}.")
    return found


def of_rows(rows: Iterable[PlatformUser]) -> list[Person]:
    """Return the people of these rows, which come with registration and account."""
    return [Person(row.registration, row.sub, row) for row in rows]


def as_of_now(person: Person) -> Person:
    """Return the person with the row as it is now, locked until the transaction ends. (Without a lock, a transaction
    may go on reading what there was when it began.)"""
    rows = PlatformUser.objects.select_for_update()
    row = rows.filter(registration=person.registration, sub_digest=digest(person.sub)).first()
    return Person(person.registration, person.sub, row)
