"""Holds many conversations with platforms at once: HTTP in a few threads, everything else in the caller's thread.

Database connections, keys and caches stay in one thread, however the LMS is configured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import zip_longest
from queue import SimpleQueue
from types import TracebackType

from lti_1p3_provider.lti.exchange import Answer, Exchange, Step
from lti_1p3_provider.lti.transport import perform

THREADS = 16

Turn = tuple[Exchange[None], int, Future[Answer | None]]


class Wire:
    """A pool of threads; use it in a ``with``.

    Conversations have owners, and each owner with conversations left gets an equal share of the threads, so slow
    platforms leave threads for the others. A conversation begins only when it gets a thread, so its time does not run
    before that.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lti-scores")
        self._threads = threads

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def have(self, conversations: Iterable[Exchange[None]], owners: Iterable[int] = ()) -> None:
        """Run all conversations to completion. ``owners``: the owner of each; without it, all have the same owner."""
        waiting: dict[int, deque[Exchange[None]]] = {}
        for one, owner in zip_longest(conversations, owners, fillvalue=0):
            waiting.setdefault(owner, deque()).append(one)  # type: ignore[arg-type]
        under_way = dict.fromkeys(waiting, 0)
        answered: SimpleQueue[Turn] = SimpleQueue()
        while True:
            self._begin(waiting, under_way, answered)
            if not any(under_way.values()):
                return
            one, owner, future = answered.get()
            error = future.exception()
            turn = partial(one.send, future.result()) if error is None else partial(one.throw, error)
            under_way[owner] -= not self._go_on(one, owner, turn, answered)

    def _begin(
        self, waiting: dict[int, deque[Exchange[None]]], under_way: dict[int, int], answered: SimpleQueue[Turn]
    ) -> None:
        """Begin conversations while there are free threads, first those of the owner with the fewest under way."""
        while sum(under_way.values()) < self._threads:
            several = sum(bool(waiting[owner] or under_way[owner]) for owner in waiting)
            share = max(1, self._threads // max(several, 1))
            ready = [owner for owner in waiting if waiting[owner] and under_way[owner] < share]
            if not ready:
                return
            owner = min(ready, key=under_way.__getitem__)
            one = waiting[owner].popleft()
            under_way[owner] += self._go_on(one, owner, partial(next, one), answered)

    def _go_on(self, one: Exchange[None], owner: int, turn: Callable[[], Step], answered: SimpleQueue[Turn]) -> bool:
        """Let a conversation take its turn; False if that was its last. Errors are thrown into the conversation."""
        while True:
            try:
                step = turn()
            except StopIteration:
                return False
            try:
                future = self._pool.submit(perform, step)
            except Exception as error:  # no thread, or no memory for one
                turn = partial(one.throw, error)
                continue
            future.add_done_callback(lambda done: answered.put((one, owner, done)))
            return True
