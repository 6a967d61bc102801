"""RSA keys that were made before: to make one, and to examine one that is read, each takes as long as several launches.

The app's own keys are handed out again: within a test each is another, and the next test gets the same ones. Whatever a
test itself, a fixture of several tests, or the emulated platform makes is new. A private key that was read before is
not examined again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_1p3_provider.registrations import private_keys


class Keys:
    """The keys of a process's tests."""

    def __init__(self) -> None:
        self._generate, self._load = rsa.generate_private_key, serialization.load_pem_private_key
        self._made: list[rsa.RSAPrivateKey] = []
        self._read: dict[bytes, Any] = {}
        self._next: Iterator[rsa.RSAPrivateKey] | None = None  # None: no test runs

    def begin(self) -> None:
        """Begin a test: give the first key next."""
        self._next = iter(self._made)

    def end(self) -> None:
        """End a test. What fixtures of several tests make is new."""
        self._next = None

    def give(self, public_exponent: int, key_size: int, **options: Any) -> rsa.RSAPrivateKey:
        """Do what ``generate_private_key`` does."""
        is_own = sys._getframe(1).f_globals["__name__"] == private_keys.__name__
        if not is_own or self._next is None:
            return self._generate(public_exponent, key_size, **options)
        for key in self._next:
            return key
        self._made.append(self._generate(public_exponent, key_size, **options))
        self._next = iter(())
        return self._made[-1]

    def read(self, data: bytes, password: bytes | None, *args: Any, **options: Any) -> Any:
        """Do what ``load_pem_private_key`` does."""
        if password is not None or args or options:
            return self._load(data, password, *args, **options)
        found = self._read.get(data)
        if found is None:
            found = self._read[data] = self._load(data, password=password)
        return found


@contextmanager
def handed_out() -> Iterator[Keys]:
    """Inside, keys are handed out like this."""
    keys = Keys()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rsa, "generate_private_key", keys.give)
        patch.setattr(serialization, "load_pem_private_key", keys.read)
        yield keys
