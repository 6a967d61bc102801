"""Caches as they fail in production: gone, or silently keeping nothing; one in which others are quicker than we; one
that notes what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache


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


class BusyCache(LocMemCache):
    """Others store something in the moment after each look."""

    others: ClassVar[list[Callable[[str, Any], None]]] = []

    def get(self, key: str, *args: Any, **kwargs: Any) -> Any:
        """Look; then it is the others' turn, who are told what was found."""
        found = super().get(key, *args, **kwargs)
        for act in self.others:
            act(key, found)
        return found


class NotingCache(LocMemCache):
    """Works, and notes what is asked of it."""

    asked: ClassVar[list[str]] = []

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Note that somebody looked."""
        self.asked.append("get")
        return super().get(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        """Note that somebody asked whether nobody was there before."""
        self.asked.append("add")
        return super().add(*args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        """Note that something was stored."""
        self.asked.append("set")
        super().set(*args, **kwargs)
