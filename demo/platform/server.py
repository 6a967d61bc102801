"""The emulator as a web server: the Flask application, and ways to run it on loopback."""

import logging
import socket
import time
from collections.abc import Iterable
from threading import Thread
from types import TracebackType
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from demo.platform import ags, answers, control, deep_linking, key_push, nrps, oidc, pages, scores, tokens
from demo.platform.config import PlatformConfig
from demo.platform.emulator import Platform, RequestRecord
from demo.platform.faults import LOST, strike
from demo.platform.registration import endpoints, tools

HOST = "127.0.0.1"
UNLOGGED = ("/static/", "/gradebook.json", "/control/", "/favicon.ico")
log = logging.getLogger("demo.platform")


def create_app(platform: Platform | PlatformConfig) -> Flask:
    """The WSGI application for a platform."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = 4_000_000
    app.extensions["demo_platform"] = platform if isinstance(platform, Platform) else Platform(platform)
    for part in (oidc, tokens, ags, scores, nrps, deep_linking, endpoints, tools, key_push, control, pages):
        app.register_blueprint(part.blueprint)
    answers.register(app)
    _watch(app, app.extensions["demo_platform"])
    app.wsgi_app = _Connections(app.wsgi_app, app.extensions["demo_platform"])  # type: ignore[method-assign]
    return app


def _watch(app: Flask, platform: Platform) -> None:
    @app.before_request
    def begin() -> Response | None:
        g.at, g.started = platform.now, time.monotonic()
        if request.endpoint == "scores.receive":
            g.place = scores.place(platform)
            platform.overlap.enter(g.place)
        return strike(platform.faults)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if place := g.pop("place", None):
            platform.overlap.leave(place)

    @app.after_request
    def record(answer: Response) -> Response:
        if request.endpoint == "scores.receive":
            scores.record_attempt(platform, answer.status_code)
        if not request.path.startswith(UNLOGGED):
            platform.record(
                RequestRecord(
                    method=request.method,
                    path=request.path,
                    query=request.query_string.decode() if request.path.startswith("/api/") else "",
                    status=answer.status_code,
                    at=g.at,
                    seconds=time.monotonic() - g.started,
                    remote_port=int(request.environ.get("REMOTE_PORT", 0)),
                    answered=LOST not in request.environ,
                )
            )
        return answer


class _Connections:
    """Drops the connection instead of answering, if the answer is to be lost or the platform has stopped."""

    def __init__(self, app: Any, platform: Platform) -> None:
        self._app, self._platform = app, platform

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._platform.stopped:  # kept-alive connections outlive the listening socket
            return self._drop(environ)
        body: Iterable[bytes] = self._app(environ, start_response)
        return self._drop(environ) if LOST in environ else body

    @staticmethod
    def _drop(environ: dict[str, Any]) -> Iterable[bytes]:
        if connection := environ.get("werkzeug.socket"):
            connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("answer lost on purpose")


class _QuietHandler(WSGIRequestHandler):
    wbufsize = 64 * 1024  # bytes; head and body go out together, not one after the other

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # The query may carry hints and names of people.
        log.info("%s %s %s", self.command, self.path.partition("?")[0], int(code) if code != "-" else code)


def _server(platform: Platform, listener: socket.socket) -> BaseWSGIServer:
    port = listener.getsockname()[1]
    app = create_app(platform)
    return make_server(HOST, port, app, threaded=True, request_handler=_QuietHandler, fd=listener.fileno())


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; 0 picks a free port. Raises OSError if the port is in use."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    listener.listen(128)
    return listener


def serve(platform: Platform, port: int) -> None:
    """Serve until interrupted. Raises OSError if the port is in use."""
    with listen(port) as listener:
        log.info("Emulated platform: %s/ (Ctrl-C ends it)", platform.base_url)
        _server(platform, listener).serve_forever()


class RunningPlatform:
    """A context manager: the platform, served by a thread on a free port (or on ``port``)."""

    def __init__(self, config: PlatformConfig | None = None, port: int = 0) -> None:
        self._config, self._port = config or PlatformConfig(), port

    def __enter__(self) -> Platform:
        with listen(self._port) as listener:
            self.platform = Platform(self._config, listener.getsockname()[1])
            self._server = _server(self.platform, listener)  # keeps a duplicate of the socket
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self.platform

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.platform.stopped = True
        self._server.shutdown()
        self._thread.join()
