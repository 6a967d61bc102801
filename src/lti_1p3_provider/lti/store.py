"""The cache that all processes share, with one kind of failure: each backend has exceptions of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.cache import cache

from lti_1p3_provider.errors import StateStoreDown


def get(name: str) -> Any:
    """Return what is stored under ``name``, None if nothing is.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        return cache.get(name)


def put(name: str, value: Any, seconds: float) -> None:
    """Store ``value`` for some seconds.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        cache.set(name, value, timeout=int(seconds))


def add(name: str, seconds: float) -> bool:
    """Mark ``name``; return whether nobody over all processes did before.

    Raises:
        StateStoreDown: also if the cache stores nothing: some clients swallow the errors of their server.
    """
    with _one_failure():
        first = cache.add(name, 1, timeout=int(seconds))
        if cache.get(name) is None:
            raise StateStoreDown("the cache keeps nothing")
        return bool(first)


def drop(name: str) -> None:
    """Forget ``name``.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        cache.delete(name)


def count(name: str, seconds: float) -> int:
    """Count one more of ``name``; return how many there were since the first, at most ``seconds`` ago.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        cache.add(name, 0, timeout=int(seconds))
        try:
            return int(cache.incr(name))
        except ValueError:  # it ended in this very moment
            return 1


@contextmanager
def _one_failure() -> Iterator[None]:
    try:
        yield
    except StateStoreDown:
        raise
    except Exception as error:  # whatever the backend raises
        raise StateStoreDown(type(error).__name__) from error
