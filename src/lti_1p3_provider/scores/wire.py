"""Has many conversations with platforms at once: HTTP in a few threads, all else in the caller's.

Database connections, keys and caches stay in one thread, whatever the LMS is configured with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from types import TracebackType

from lti_1p3_provider.lti.exchange import Answer, Exchange, Step
from lti_1p3_provider.lti.transport import perform

THREADS = 16

Turn = tuple[Exchange[None], Future[Answer | None]]


class Wire:
    """A pool of threads; use it in a ``with``."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lti-scores")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def have(self, conversations: Iterable[Exchange[None]]) -> None:
        """Have all conversations to their ends."""
        answered: SimpleQueue[Turn] = SimpleQueue()
        under_way = sum(self._go_on(one, partial(next, one), answered) for one in conversations)
        while under_way:
            one, future = answered.get()
            error = future.exception()
            turn = partial(one.send, future.result()) if error is None else partial(one.throw, error)
            under_way -= not self._go_on(one, turn, answered)

    def _go_on(self, one: Exchange[None], turn: Callable[[], Step], answered: SimpleQueue[Turn]) -> bool:
        """Let a conversation take its turn; False if that was its last. Whatever goes wrong here is for it to judge."""
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
            future.add_done_callback(lambda done: answered.put((one, done)))
            return True
