"""Caches as they fail in production: one that is gone, one that silently keeps nothing."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.dummy import DummyCache


class DeadCache(DummyCache):
    """Every call is a connection error."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Fail."""
        raise ConnectionError("no cache server")

    get = set = delete = add


class ForgetfulCache(DummyCache):
    """A client that swallows the server's errors: nothing is ever added."""

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Say that it was not stored."""
        return False
