"""What the LMS's own LTI 1.1 provider stored: the platforms that used it, and their people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.contrib.auth.models import AbstractUser


@dataclass(frozen=True, slots=True)
class OldPlatform:
    """A platform of LTI 1.1, named by its key. Its secret is not included."""

    key: str
    name: str
    people: int


class LegacyProvider(Protocol):
    """Only reads. Keys and ids are compared byte by byte, whatever the database's collation. If the provider was never
    used, there is nothing. A retired account counts as none."""

    def platforms(self) -> Sequence[OldPlatform]:
        """Return all platforms, by key, with the number of their people."""

    def secrets(self, consumer_key: str) -> tuple[str, ...]:
        """Return the secrets of the platforms with this key, to compare with and to forget."""

    def account(self, consumer_key: str, lti_user_id: str) -> AbstractUser | None:
        """Return the account of the person whom this platform calls by this id."""

    def accounts(self, consumer_key: str) -> Iterator[tuple[str, AbstractUser]]:
        """Yield the id and the account of each person of a platform, in batches."""
