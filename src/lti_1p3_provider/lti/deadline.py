"""A time limit for a whole HTTP exchange.

A socket's timeout begins anew with each byte, so a server that sends a byte now and then could hold us for ever. Here
the connection is cut when the time is over, in whatever phase it is: the handshake, the headers or the body. Looking up
a name cannot be cut off, so it is left running.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from lti_1p3_provider.lti.measured import MeasuredResponse

Result = TypeVar("Result")
_watch = threading.local()


def in_time(call: Callable[[], Result]) -> Result:
    """Return what ``call`` returns. It runs in a thread of its own, because the system's name resolver cannot be
    interrupted.

    Raises:
        TimeoutError: it takes longer than this thread's deadline. The call is left to end by itself.
    """
    deadline: Deadline | None = getattr(_watch, "deadline", None)
    if deadline is None:
        return call()
    found: Future[Result] = Future()

    def run() -> None:
        try:
            found.set_result(call())
        except BaseException as error:  # raised again in the thread that waits
            found.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return found.result(timeout=max(deadline.at - time.monotonic(), 0.0))


class Deadline:
    """Cuts the connection that this thread uses inside the ``with``. ``passed``: whether it had to.

    ``status``: the answer's, as soon as it is known. ``is_used``: whether the connection has served another request.
    ``beyond``: how many bytes more than usual the answer may have.
    """

    def __init__(self, seconds: float, beyond: int = 0) -> None:
        self.beyond = beyond
        self.at = time.monotonic() + seconds
        self.passed = False
        self.status: int | None = None
        self.is_used = False
        self._socket: socket.socket | None = None
        self._over = False
        self._lock = threading.Lock()

    def __enter__(self) -> Deadline:
        _watch.deadline = self
        _watchdog(os.getpid()).watch(self)
        return self

    def __exit__(self, *_: object) -> None:
        _watch.deadline = None
        with self._lock:
            self._over = True
            self._let_go()

    def hold(self, connected: socket.socket) -> None:
        """Watch this connection. A duplicate of the socket is kept, because TLS takes the original away."""
        with self._lock:
            self._let_go()
            self._socket = socket.socket(fileno=os.dup(connected.fileno()))
            if self.passed:
                self._shut()

    def hasten(self, seconds: float) -> None:
        """Shorten the deadline to at most so many seconds from now."""
        self.at = min(self.at, time.monotonic() + seconds)
        _watchdog(os.getpid()).watch(self)

    def cut(self) -> None:
        """Cut the connection off, unless the exchange is over."""
        with self._lock:
            if not self._over:
                self.passed = True
                self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the other side was faster
                self._socket.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class _Watchdog:
    """One thread for all deadlines of a process. A thread for each would cost more than the request."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, int, Deadline]] = []
        self._number = itertools.count()
        threading.Thread(target=self._run, name="lti-deadlines", daemon=True).start()

    def watch(self, deadline: Deadline) -> None:
        """Cut the connection when the deadline has come."""
        with self._changed:
            entry = (deadline.at, next(self._number), deadline)
            heapq.heappush(self._waiting, entry)
            if self._waiting[0] is entry:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    self._changed.wait(self._waiting[0][0] - time.monotonic() if self._waiting else None)
                _, _, deadline = heapq.heappop(self._waiting)
            deadline.cut()


@cache
def _watchdog(_process: int) -> _Watchdog:
    """Return the process's watchdog: threads do not survive a fork."""
    return _Watchdog()


class _Watched:
    """Shows the thread's deadline every connection that is opened or taken from the pool."""

    sock: Any
    _is_used = False

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = in_time(super()._new_conn)  # type: ignore[misc]
        self._is_used = False
        _hold(connected, self._is_used)
        return connected

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request."""
        if self.sock is not None:
            _hold(self.sock, self._is_used)
        super().request(*args, **kwargs)  # type: ignore[misc]
        self._is_used = True


class _WatchedResponse(MeasuredResponse):
    """Tells the thread's deadline the answer's status, even if nothing else of it can be read, and is told by it how
    much may be read."""

    def most(self) -> int:
        """Return how many bytes the answer may have."""
        deadline: Deadline | None = getattr(_watch, "deadline", None)
        return super().most() + (deadline.beyond if deadline is not None else 0)

    def begin(self) -> None:
        try:
            super().begin()
        finally:
            deadline: Deadline | None = getattr(_watch, "deadline", None)
            if deadline is not None and isinstance(self.status, int):
                deadline.status = self.status


class _PlainConnection(_Watched, HTTPConnection):
    response_class = _WatchedResponse


class _SecureConnection(_Watched, HTTPSConnection):
    response_class = _WatchedResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def watched(adapter: HTTPAdapter) -> HTTPAdapter:
    """Make an adapter's connections obey the deadline of the thread that uses them, and count what they receive."""
    adapter.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
    return adapter


def _hold(connected: socket.socket, is_used: bool) -> None:
    deadline: Deadline | None = getattr(_watch, "deadline", None)
    if deadline is not None:
        deadline.is_used = is_used
        deadline.hold(connected)
