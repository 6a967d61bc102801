"""Counts requests that are under way at the same time: some platforms cannot take two scores for one course at once."""

from collections import Counter
from threading import Lock

Place = tuple[str, str]  # a tool's client_id, and a course


class Overlap:
    """``most`` is how many there were at once, by tool and course; ``most_of_all`` over all of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """Count from here."""
        with self._lock:
            self._now: Counter[Place] = Counter()
            self.most: dict[Place, int] = {}
            self.most_of_all = 0

    def enter(self, place: Place) -> None:
        """A request begins."""
        with self._lock:
            self._now[place] += 1
            self.most[place] = max(self.most.get(place, 0), self._now[place])
            self.most_of_all = max(self.most_of_all, self._now.total())

    def leave(self, place: Place) -> None:
        """It has ended."""
        with self._lock:
            self._now[place] -= 1
