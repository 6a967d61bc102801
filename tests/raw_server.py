"""A server that writes bytes to whoever connects, and knows no HTTP: for what no honest server says."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from itertools import chain
from types import TracebackType

Script = Iterable[bytes | float]  # what is written; a number is a pause in seconds


class RawServer:
    """Runs inside a ``with``. It answers each request with what it was told last; ``written`` counts bytes."""

    def __init__(self) -> None:
        self.written = 0
        self.requests = 0
        self._script: Callable[[], Script] = lambda: ()

    def __enter__(self) -> RawServer:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def says(self, *parts: bytes | float, then: Callable[[], Script] = lambda: ()) -> str:
        """Answer with these parts, and then with what ``then`` yields; return an address."""
        self._script = lambda: chain(parts, then())
        self.written = self.requests = 0
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(visitor,), daemon=True).start()

    def _answer(self, visitor: socket.socket) -> None:
        with contextlib.suppress(OSError), visitor:
            visitor.settimeout(10)
            asked = b""
            while b"\r\n\r\n" not in asked and (more := visitor.recv(65536)):
                asked += more
            self.requests += 1
            for part in self._script():
                if isinstance(part, float):
                    time.sleep(part)
                else:
                    visitor.sendall(part)
                    self.written += len(part)
