"""Has a ``Browser`` ask servers of this process without a socket: most of a launch was HTTP, which no test is about.

The request goes to the WSGI application as the server would hand it on, in a thread of its own, so that the database's
connection is not the test's. What LMS and platform ask of each other goes over HTTP, and what a test sends by itself;
so do browsers in ``tests/processes`` and ``tests/browser``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import requests
from django.db import connections
from requests.cookies import MockRequest, MockResponse
from requests.utils import get_encoding_from_headers, requote_uri
from urllib3 import HTTPHeaderDict

from demo.browser import Browser

MAX_AT_ONCE = 64  # requests
KEEPS_METHOD = (307, 308)
Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Said = tuple[str, HTTPHeaderDict, bytes]


class Near:
    """One application, asked as ``requests.Session.send`` asks a server; but nothing waits longer than it takes."""

    def __init__(self, app: App, threads: ThreadPoolExecutor) -> None:
        self._app, self._threads = app, threads

    def __call__(
        self, browser: Browser, request: requests.PreparedRequest, *, allow_redirects: bool = True, **_: Any
    ) -> requests.Response:
        """Send a request for a browser, and go where the answer leads.

        Raises:
            requests.ConnectionError: the server would drop the connection.
        """
        response = self._answer(request)
        _take_cookies(browser, request, response)
        target = browser.get_redirect_target(response)
        if not (allow_redirects and target):
            return response
        last = browser.send(_onward(browser, request, response, target), allow_redirects=True)
        last.history.insert(0, response)
        return last

    def _answer(self, request: requests.PreparedRequest) -> requests.Response:
        try:
            line, headers, body = self._threads.submit(_ask, self._app, _environ(request)).result()
        except OSError as error:
            raise requests.ConnectionError(error, request=request) from error
        response = requests.Response()
        response.status_code = int(line.partition(" ")[0])
        response.reason = HTTPStatus(response.status_code).phrase
        response.headers.update(headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = SimpleNamespace(headers=headers)
        response.request, response.url = request, str(request.url)
        response._content = b"" if request.method == "HEAD" else body
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def _take_cookies(browser: Browser, request: requests.PreparedRequest, response: requests.Response) -> None:
    if "Set-Cookie" not in response.headers:
        return
    asked, jar = MockRequest(request), browser.cookies
    for cookie in jar.make_cookies(MockResponse(_Message(response.raw.headers)), asked):  # type: ignore[arg-type]
        jar.set_cookie_if_ok(cookie, asked)  # type: ignore[arg-type]
        response.cookies.set_cookie(cookie)


class _Message:
    def __init__(self, headers: HTTPHeaderDict) -> None:
        self._headers = headers

    def get_all(self, name: str, default: Any = None) -> Any:
        return self._headers.getlist(name) or default


def _onward(
    browser: Browser, before: requests.PreparedRequest, response: requests.Response, target: str
) -> requests.PreparedRequest:
    """Return the request that an answer sends the browser to make."""
    request = before.copy()
    request.url = requote_uri(urljoin(response.url, target))
    browser.rebuild_method(request, response)
    if response.status_code not in KEEPS_METHOD:
        request.body = None
        for name in ("Content-Length", "Content-Type"):
            request.headers.pop(name, None)
    request.headers.pop("Cookie", None)
    request.prepare_cookies(browser.cookies)
    browser.rebuild_auth(request, response)
    return request


def _ask(app: App, environ: Environ) -> Said:
    """Call the application, and leave no connection to the database open."""
    began: list[Any] = []
    try:
        parts = app(environ, lambda *said: began.extend(said))
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
    finally:
        connections.close_all()
    headers = HTTPHeaderDict((name, value.strip()) for name, value in began[-1])
    if any("\r" in value or "\n" in value for value in headers.values()):
        raise ValueError("a header has more than one line")
    return began[-2], headers, body


def _environ(request: requests.PreparedRequest) -> Environ:
    at = urlsplit(str(request.url))
    body = request.body or b""
    given = {"Host": at.netloc, **request.headers}
    headers = {name.upper().replace("-", "_"): _latin(value) for name, value in given.items() if "_" not in name}
    typed = {name: headers.pop(name) for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if name in headers}
    return {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(at.path, "latin-1"),
        "QUERY_STRING": at.query,
        "REQUEST_URI": request.path_url,
        "RAW_URI": request.path_url,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": at.hostname,
        "SERVER_PORT": str(at.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": at.scheme,
        "wsgi.input": BytesIO(body if isinstance(body, bytes) else body.encode()),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **typed,
        **{f"HTTP_{name}": value for name, value in headers.items()},
    }


def _latin(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


@contextmanager
def served(origin: str, app: App) -> Iterator[None]:
    """Have each ``Browser`` ask ``app`` like this, inside, for what is at ``origin``."""
    with ThreadPoolExecutor(MAX_AT_ONCE, "near") as threads:
        Browser.near[origin] = Near(app, threads)
        try:
            yield
        finally:
            del Browser.near[origin]
