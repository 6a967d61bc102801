"""A clock that a test puts forward, so that nobody waits until a time limit is over."""

from __future__ import annotations

import time

from lti_1p3_provider.lti.deadline import Deadline


class Clock:
    """The monotonic clock of this process, while a test runs. ``sleep``, if it is put in the place of ``time.sleep``,
    takes no time, and lets it pass all the same."""

    def __init__(self) -> None:
        self._real, self._ahead = time.monotonic, 0.0

    def now(self) -> float:
        """Return the time."""
        return self._real() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        self._ahead += seconds

    def jump(self, seconds: float) -> None:
        """Let so much time pass, and cut off what is late."""
        self.sleep(seconds)
        with Deadline(-seconds):  # wakes who cuts off, as it comes before all that it sleeps for
            pass
