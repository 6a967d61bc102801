"""A web server that answers each request with whatever it was told to."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from django.core.servers.basehttp import ServerHandler, WSGIRequestHandler

BUFFER = 64 * 1024  # bytes; an answer that is longer goes out in pieces of this size


def answer_in_one_piece() -> None:
    """Have Django's test server send an answer as a whole, and when it has done everything: a test that has the answer
    may end, and nothing of the request is to be left then. Line by line, each line would wake whoever waits, and on a
    kept connection all but the first wait 40 ms for an ACK."""
    one = WSGIRequestHandler.handle_one_request

    def whole(self: WSGIRequestHandler) -> None:
        one(self)
        self.wfile.flush()

    WSGIRequestHandler.disable_nagle_algorithm = True
    WSGIRequestHandler.wbufsize = BUFFER
    WSGIRequestHandler.handle_one_request = whole  # type: ignore[method-assign]
    ServerHandler._flush = lambda _: None  # type: ignore[method-assign, assignment]


@dataclass(frozen=True)
class Said:
    """An answer. Headers are sent as they are, in Latin-1."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = BUFFER
    server: Any

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers), self.rfile.read(length)))
        queue = self.server.queue
        said: Said = queue.pop(0) if queue else self.server.said
        self.send_response(said.status)
        for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said.body)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # where more wait than there is room for, some wait for seconds


class WebServer:
    """Runs inside a ``with``. It says what it was last told to say."""

    def __enter__(self) -> WebServer:
        self._server: Any = _Server(("127.0.0.1", 0), _Handler)
        self._server.handle_error = lambda *_: None  # we may hang up
        self._server.daemon_threads, self._server.asked, self._server.said = True, [], Said()
        self._server.queue = []
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def asked(self) -> list[Asked]:
        """All requests, oldest first."""
        return self._server.asked

    def says(self, said: Said) -> str:
        """Answer like this from now on; return an address that nobody asked before."""
        return self.says_in_turn(said)

    def says_in_turn(self, *said: Said) -> str:
        """Answer like this, one after another, and like the last from then on; return such an address."""
        self._server.queue, self._server.said = list(said[:-1]), said[-1]
        return f"http://127.0.0.1:{self._server.server_port}/{len(self.asked)}"
