"""How accounts of the LMS end."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol


class Retirement(Protocol):
    """The LMS's own way to delete a person, which takes days: an account waits in a queue, then goes through stages."""

    def connect(self, receiver: Callable[[int], None]) -> None:
        """Call ``receiver`` with the primary key of each account that the LMS retires, in the LMS's transaction.

        It may be called more than once for an account. What it raises makes the LMS try again. Connecting twice is
        once.
        """

    def under_way(self, user_ids: Collection[int]) -> frozenset[int]:
        """Return which of these accounts (primary keys; some hundreds at most) the LMS retires or retired, from the
        moment in which somebody asked for it, and unless somebody put an end to it. One query."""
