"""Places for threads that wait for a platform while a person waits for them. A process has few.

A thread that finds no free place waits for a moment, counted from when the last place was taken: as long as a healthy
platform takes for an answer. Behind a platform that hangs nobody queues.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from lti_1p3_provider.conf import conf

MOMENT = 1.5  # seconds; ten frames of one page launch at once, on a busy machine


class _Places:
    """How many threads wait now; ``LTI_1P3_PROVIDER_KEY_SET_WAITERS`` may."""

    def __init__(self) -> None:
        self._freed = threading.Condition()
        self._taken = 0
        self._full_since = 0.0

    def take(self, moment: float) -> bool:
        """Take a place if one is free now or within a moment."""
        with self._freed:
            left = self._full_since + moment - time.monotonic()
            if not self._freed.wait_for(self._is_free, timeout=max(left, 0.0)):
                return False
            self._taken += 1
            self._full_since = time.monotonic()
            return True

    def give_back(self) -> None:
        """Leave a place."""
        with self._freed:
            self._taken -= 1
            self._freed.notify_all()

    def _is_free(self) -> bool:
        return self._taken < conf.key_set_waiters


@contextmanager
def place(moment: float = MOMENT) -> Iterator[bool]:
    """Hold a place inside the ``with``; False if all are taken, even after ``moment`` seconds."""
    places = _places(os.getpid())
    is_free = places.take(moment)
    try:
        yield is_free
    finally:
        if is_free:
            places.give_back()


@cache
def _places(_process: int) -> _Places:
    """Return the process's places: what waits in the parent of a fork does not wait in its child."""
    return _Places()
