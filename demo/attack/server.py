"""A server on loopback that writes whatever bytes an attack chooses: much of it no honest server would say."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

MAX_REQUEST = 1024 * 1024
PATIENCE = 60.0  # seconds for one write, or for a visitor who says nothing

Script = Iterable[bytes | float]  # what is written; a number is a pause in seconds


@dataclass(frozen=True)
class Asked:
    """A request. ``at``: when it came (``time.monotonic``)."""

    method: str
    path: str
    query: str
    body: bytes
    at: float

    def json(self) -> Any:
        """Return its body."""
        return json.loads(self.body)


Route = Callable[[Asked], Script]


def reply(body: object = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> Script:
    """Answer as a server that is well: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {"Content-Length": str(len(content)), "Content-Type": "application/json", "Connection": "close"}
    lines = [f"{name}: {value}" for name, value in {**said, **(headers or {})}.items()]
    return ("\r\n".join([f"HTTP/1.1 {status} X", *lines, "", ""]).encode() + content,)


class Server:
    """Runs inside a ``with``. ``routes``: what is said below a path, the longest one counts; other paths are a 404.

    ``asked`` has all requests; ``written`` counts bytes by path, ``visits`` connections, whatever they wanted.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self.visits = 0
        self.written: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._socket = socket.create_server((host, 0), backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{host}:{self.port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def asked_below(self, prefix: str, method: str = "", end: str = "") -> list[Asked]:
        """Return the requests to paths that begin and end like this, oldest first."""
        return [
            one
            for one in list(self.asked)
            if one.path.startswith(prefix) and one.path.endswith(end) and method in ("", one.method)
        ]

    def open_below(self, prefix: str) -> int:
        """Return how many requests to such paths are being answered."""
        with self._lock:
            return sum(number for path, number in self._open.items() if path.startswith(prefix))

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                threading.Thread(target=self._serve, args=(visitor,), daemon=True).start()

    def _serve(self, visitor: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), visitor:
            visitor.settimeout(PATIENCE)
            asked = _read(visitor)
            self.asked.append(asked)
            self._count(asked.path, 1)
            try:
                self._say(visitor, asked.path, self._route(asked.path)(asked))
            finally:
                self._count(asked.path, -1)

    def _say(self, visitor: socket.socket, path: str, script: Script) -> None:
        for part in script:
            if isinstance(part, float):
                _wait(visitor, part)
            else:
                visitor.sendall(part)
                self.written[path] += len(part)

    def _count(self, path: str, change: int) -> None:
        with self._lock:
            self._open[path] += change

    def _route(self, path: str) -> Route:
        known = [prefix for prefix in self.routes if path.startswith(prefix)]
        return self.routes[max(known, key=len)] if known else lambda asked: reply(status=404)


def _wait(visitor: socket.socket, seconds: float) -> None:
    """Wait, unless the visitor hangs up: then raise OSError."""
    readable, _, _ = select.select([visitor], [], [], seconds)
    if readable and not visitor.recv(1):
        raise ConnectionResetError


def _read(visitor: socket.socket) -> Asked:
    """Read a request with its body. Raises ValueError if it is none."""
    received = b""
    while b"\r\n\r\n" not in received and len(received) < MAX_REQUEST:
        received += _more(visitor)
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = min(int(headers.get("content-length", 0)), MAX_REQUEST)
    while len(body) < length:
        body += _more(visitor)
    method, address, _ = first.split(" ")
    path, _, query = address.partition("?")
    return Asked(method, path, query, body, time.monotonic())


def _more(visitor: socket.socket) -> bytes:
    received = visitor.recv(65536)
    if not received:
        raise ValueError("the request ends early")
    return received
