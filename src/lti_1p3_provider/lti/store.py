"""The cache that all processes share, with one kind of error: each backend has its own exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def get_many(names: Iterable[str]) -> dict[str, Any]:
    """Return what is stored under some of the names, by name.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        return dict(cache.get_many(list(names)))


def put(name: str, value: Any, seconds: float) -> None:
    """Store ``value`` for some seconds.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        cache.set(name, value, timeout=int(seconds))


def add(name: str, seconds: float) -> bool:
    """Mark ``name``; return whether it was not marked before, over all processes.

    Some clients hide errors of their server and say no. Use ``get`` where that makes a difference.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        return bool(cache.add(name, 1, timeout=int(seconds)))


def drop(name: str) -> None:
    """Forget ``name``.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        cache.delete(name)


def count(name: str, seconds: float, more: int = 1) -> int:
    """Add 1, or ``more``, to the count of ``name``; return the count. It ends ``seconds`` after the last time.

    Raises:
        StateStoreDown
    """
    with _one_failure():
        cache.add(name, 0, timeout=int(seconds))
        try:
            counted = int(cache.incr(name, more))
        except ValueError:  # it ended in this very moment
            return more
        cache.touch(name, int(seconds))  # some caches give it their default time at each count
        return counted


@contextmanager
def _one_failure() -> Iterator[None]:
    try:
        yield
    except StateStoreDown:
        raise
    except Exception as error:  # whatever the backend raises
        raise StateStoreDown(type(error).__name__) from error
