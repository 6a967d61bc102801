"""Things that count once: tickets that are handed out and redeemed, and values that must never come again."""

import secrets
from collections.abc import Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
LIFETIME = timedelta(minutes=10)


class Tickets(Generic[T]):
    """Opaque values, each standing for a payload, redeemable once within ten minutes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[str, tuple[T, datetime]] = {}

    def issue(self, payload: T, now: datetime) -> str:
        """Hand out a new ticket."""
        value = secrets.token_urlsafe(24)
        with self._lock:
            self._open[value] = (payload, now + LIFETIME)
        return value

    def peek(self, value: str, now: datetime) -> T | None:
        """What the ticket stands for, without redeeming it; None if unknown, redeemed or too old."""
        with self._lock:
            payload, ends = self._open.get(value, (None, now))
        return payload if now < ends else None

    def redeem(self, value: str, now: datetime) -> T | None:
        """Like peek, and the ticket is gone."""
        with self._lock:
            payload, ends = self._open.pop(value, (None, now))
        return payload if now < ends else None


class Seen:
    """Remembers values for ever."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._values: set[Hashable] = set()

    def __contains__(self, value: Hashable) -> bool:
        with self._lock:
            return value in self._values

    def first_use(self, value: Hashable) -> bool:
        """Remember the value; False if it had been seen before."""
        with self._lock:
            if value in self._values:
                return False
            self._values.add(value)
            return True
