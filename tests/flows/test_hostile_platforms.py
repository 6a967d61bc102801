"""Platforms that lead us elsewhere, or answer without measure: for keys, access tokens and scores (SEC-05, SEC-06)."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle

import pytest
import requests
from django.core.cache import cache as django_cache
from django.utils import timezone

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import AccessTokenRefused, AnswerUnreadable
from lti_1p3_provider.lti import access_tokens, ags
from lti_1p3_provider.lti.key_sets import FETCH_TIMEOUT
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.delivery.deliver import deliver_due
from lti_1p3_provider.scores.models import LineItem, Outage, PendingScore
from tests.cases import every
from tests.connection import PROBLEM, RIGHT, WELCOME, Connection, answer
from tests.later import Clock
from tests.traces import nobody_came, refusal
from tests.web_server import Said

MEGABYTE = 1024 * 1024
TOO_LATE = 20.0  # seconds: the key set is waited for 5, everything else half of one; the machine may be busy


class Canary:
    """Listens on loopback; ``visits`` counts connections, whatever they wanted."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                visitor.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    bird = Canary()
    yield bird
    bird.close()


@cache
def gzip_bomb() -> bytes:
    return gzip.compress(b"[" * 50 * MEGABYTE)


@cache
def deflate_bomb() -> bytes:
    return zlib.compress(b"[" * 50 * MEGABYTE)


class Hostile(BaseHTTPRequestHandler):
    """Answers each path in its own bad way. ``written`` is what it could send before we hung up, ``asked`` the newest
    path."""

    protocol_version = "HTTP/1.1"
    written = 0
    asked = ""

    def do_GET(self) -> None:
        type(self).asked = self.path.strip("/")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with contextlib.suppress(OSError):
            getattr(self, self.path.strip("/"))()
        self.close_connection = True

    do_POST = do_GET

    def _head(self, *lines: str) -> None:
        self.wfile.write("\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode())

    def _whole(self, body: bytes, *lines: str) -> None:
        self._head(f"Content-Length: {len(body)}", "Content-Type: application/json", *lines)
        self.wfile.write(body)

    def _go_on(self, piece: bytes, pause: float = 0.0, times: int = 4000) -> None:
        for _ in range(times):
            self.wfile.write(piece)
            self.wfile.flush()
            type(self).written += len(piece)
            time.sleep(pause)

    def gzip_bomb(self) -> None:
        self._whole(gzip_bomb(), "Content-Encoding: gzip")

    def deflate_bomb(self) -> None:
        self._whole(deflate_bomb(), "Content-Encoding: deflate")

    def two_codings(self) -> None:
        self._whole(gzip.compress(gzip_bomb()), "Content-Encoding: gzip, gzip")

    def endless_chunks(self) -> None:
        self._head("Transfer-Encoding: chunked")
        self._go_on(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")

    def endless_body(self) -> None:
        self._head()
        self._go_on(b"x" * 0x8000)

    def endless_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._go_on(b"X-Header: " + b"x" * 0x1000 + b"\r\n")

    def endless_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Header: ")
        self._go_on(b"x" * 0x1000)

    def huge_length(self) -> None:
        self._head(f"Content-Length: {10**15}")
        self._go_on(b"x" * 0x8000)

    def deep_json(self) -> None:
        self._whole(b"[" * 500_000)

    def deep_object(self) -> None:
        self._whole(b'{"keys":' * 100_000 + b"1" + b"}" * 100_000)

    def many_digits(self) -> None:
        self._whole(b'{"access_token": "x", "keys": [], "expires_in": ' + b"9" * 900_000 + b"}")

    def no_http(self) -> None:
        self.wfile.write(b"\x00\x01\x02 SSH-2.0-x\r\n" * 100)

    def hangs_up(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def drips_chunks(self) -> None:
        self._head("Transfer-Encoding: chunked")
        self._go_on(b"1\r\n \r\n", pause=0.05, times=400)

    def log_message(self, *args: object) -> None:
        pass


FAST = (
    *(
        "gzip_bomb",
        "deflate_bomb",
        "two_codings",
        "endless_chunks",
        "endless_body",
        "endless_headers",
        "endless_header",
    ),
    *("huge_length", "deep_json", "deep_object", "many_digits", "no_http", "hangs_up"),
)
WRONG_TYPES = [b"", b"null", b"[]", b'"x"', b"7", b"{}", b"\xff\xfe", b"<html>"]
WRONG_KEYS = [b'{"keys": {}}', b'{"keys": null}', b'{"keys": "x"}', b'{"keys": [[], 1, null, "x"]}', b'{"keys": []}']
WRONG_TOKENS = [json.dumps({"access_token": value}).encode() for value in (7, "", None, [], {"x": "y"}, True)]


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    Hostile.written = 0
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    httpd.handle_error = lambda *args: None  # type: ignore[method-assign]
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


def change(connection: Connection, **values: str) -> None:
    Registration.objects.filter(pk=connection.registration.pk).update(**values)


def cannot_launch(connection: Connection) -> bool:
    """Launch; check that the refusal is about the platform's keys."""
    assert is_about_keys(connection.launch(connection.link(WELCOME)))
    return nobody_came()


def is_about_keys(page: requests.Response) -> bool:
    assert refusal(page, statuses=range(502, 503)) == "key_set_unavailable", LaunchAttempt.objects.first().detail
    return True


class Learner:
    """Somebody who has launched a graded problem."""

    def __init__(self, connection: Connection) -> None:
        self._browser = Browser()
        self._page = connection.launch(connection.link(PROBLEM, graded=True), browser=self._browser)
        self._choices = cycle((RIGHT, RIGHT[:1]))  # each answer gives another grade than the one before

    def answers(self) -> PendingScore:
        """Answer, and return what is sent, or waits to be sent."""
        assert answer(self._browser, self._page, next(self._choices)).status_code == 200
        return PendingScore.objects.get()


@pytest.fixture
def learner(connection: Connection) -> Learner:
    return Learner(connection)


def answered(connection: Connection) -> PendingScore:
    """Have a learner answer a graded problem; return what is sent, or waits to be sent."""
    return Learner(connection).answers()


def tried(row: PendingScore) -> PendingScore:
    """Try once more to send the score, with a new access token; return what became of it."""
    django_cache.clear()
    Outage.objects.all().delete()
    waiting = PendingScore.objects.filter(pk=row.pk)
    waiting.update(due_at=timezone.now() - timedelta(seconds=1), given_up=False, sent_given=None, sent_maximum=None)
    deliver_due()
    return waiting.get()


def said(row: PendingScore) -> str:
    """Return the reason and its detail, as an attempt has its code and detail."""
    return f"{row.reason}: {row.detail}"


def waits(row: PendingScore, *reasons: str) -> bool:
    """Tell whether the score is kept to be sent later, for one of these reasons."""
    assert said(row).startswith(reasons), said(row)
    return (row.given_up, row.sent_at, row.due_at is None) == (False, None, False)


# --- SEC-06 -----------------------------------------------------------------------------------------------------------


@every("how", FAST)
def test_sec_06_a_key_set_without_measure_is_a_page_for_the_learner(connection, hostile, how):
    change(connection, key_set_url=f"{hostile}/{how}")
    Hostile.written, begun = 0, time.monotonic()
    assert cannot_launch(connection)
    assert time.monotonic() - begun < TOO_LATE
    assert Hostile.asked == how
    assert Hostile.written < 16 * MEGABYTE  # ours and what the sockets between us hold


def test_sec_06_a_key_set_that_comes_byte_by_byte_is_waited_for_a_while(connection, hostile, monkeypatch):
    change(connection, key_set_url=f"{hostile}/drips_chunks")
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.now)
    Hostile.asked = ""
    with ThreadPoolExecutor(1) as threads:
        page = threads.submit(connection.launch, connection.link(WELCOME))
        while not (Hostile.asked or page.done()):
            time.sleep(0.02)
        clock.jump(FETCH_TIMEOUT - 2)
        assert not wait([page], 0.2).done
        clock.jump(2)
        assert wait([page], TOO_LATE / 2).done
    assert is_about_keys(page.result())
    assert nobody_came()


def test_sec_06_a_key_set_of_wrong_types_is_a_page_for_the_learner(connection, web_server):
    for body in (*WRONG_TYPES, *WRONG_KEYS):
        change(connection, key_set_url=web_server.says(Said(body)))
        assert cannot_launch(connection), body


@every("how", [*FAST, "drips_chunks"])
def test_sec_06_an_access_token_without_measure_loses_no_answer_and_no_score(
    connection, hostile, learner, settings, how
):
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = 0.5
    django_cache.clear()  # no token of before
    change(connection, auth_token_url=f"{hostile}/{how}")
    Hostile.written, begun = 0, time.monotonic()
    row = learner.answers()
    assert time.monotonic() - begun < TOO_LATE
    assert Hostile.asked == how
    reasons = ("platform_unreachable", "answer_unreadable", "access_token_refused")
    assert waits(row, *reasons, *(("access_refused",) if how == "many_digits" else ()))  # of those, a token can be read
    assert Hostile.written < 16 * MEGABYTE
    change(connection, auth_token_url=connection.platform.auth_token_url)
    assert tried(row).sent_at


@every("body", [*WRONG_TYPES, *WRONG_TOKENS])
@every("status", [200, 201, 400, 500])
def test_sec_06_an_access_token_of_a_wrong_type_is_none(connection, web_server, body, status):
    deployment = connection.registration.deployments.get()
    deployment.registration.auth_token_url = web_server.says(Said(body, status))
    with pytest.raises((AnswerUnreadable, AccessTokenRefused)):
        access_tokens.access_token(deployment, [ags.SCORE_SCOPE])


def test_sec_06_an_access_token_of_a_wrong_type_loses_no_score(connection, web_server):
    row = answered(connection)
    for at, body in enumerate((*WRONG_TYPES, *WRONG_TOKENS)):
        status = (200, 201, 400, 500)[at % 4]
        change(connection, auth_token_url=web_server.says(Said(body, status)))
        assert waits(tried(row), "answer_unreadable", "access_token_refused"), (body, status)
    change(connection, auth_token_url=connection.platform.auth_token_url)
    assert tried(row).sent_at


# --- SEC-05 -----------------------------------------------------------------------------------------------------------

ELSEWHERE = (
    *("http://127.0.0.1:{}/", "https://127.0.0.1:{}/", "https://localhost:{}/", "https://LOCALHOST:{}/"),
    *("https://2130706433:{}/", "https://0x7f000001:{}/", "https://0x7f.1:{}/", "https://0177.0.0.1:{}/"),
    *("https://127.1:{}/", "https://0.0.0.0:{}/", "https://0:{}/", "https://127.9.9.9:{}/", "https://10.1.2.3:{}/"),
    *("https://[::1]:{}/", "https://[::ffff:127.0.0.1]:{}/", "https://[::ffff:7f00:1]:{}/", "https://[::]:{}/"),
    *("https://[::127.0.0.1]:{}/", "https://[64:ff9b::7f00:1]:{}/", "https://[fe80::1]:{}/"),
    *("https://①②⑦.⓪.⓪.①:{}/", "https://127。0。0。1:{}/", "https://user@127.0.0.1:{}/", "https://x@localhost:{}/"),
    *("https://public.example\\@127.0.0.1:{}/", "//127.0.0.1:{}/", "ftp://127.0.0.1:{}/", "gopher://127.0.0.1:{}/x"),
    *("https://169.254.169.254/latest/meta-data/?{}", "http://169.254.169.254/latest/meta-data/?{}", "file:///etc/{}"),
)
REASONS = ("address_forbidden", "platform_unreachable: InvalidURL")


def test_sec_05_no_key_is_fetched_from_an_inner_address(connection, canary, settings):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = ["intranet.example"]
    for address in (template.format(canary.port) for template in ELSEWHERE):
        change(connection, key_set_url=address)
        assert cannot_launch(connection), address
        assert LaunchAttempt.objects.first().detail.startswith(REASONS), address
        assert canary.visits == 0, address


def test_sec_05_no_assertion_is_sent_to_an_inner_address(connection, canary, settings):
    row = answered(connection)
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = ["intranet.example"]
    for address in (template.format(canary.port) for template in ELSEWHERE):
        change(connection, auth_token_url=address)
        assert said(tried(row)).startswith(REASONS), address
        assert canary.visits == 0, address


def test_sec_05_no_score_is_sent_to_an_inner_address_although_it_is_called_the_platforms(connection, canary, settings):
    row, home = answered(connection), connection.platform.base_url.partition("://")[2]
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = [home]
    for address in (template.format(canary.port) for template in ELSEWHERE):
        host = address.partition("//")[2].partition("/")[0]
        change(connection, other_origins=f"https://{host} http://{host}")
        LineItem.objects.update(url=address)
        assert said(tried(row)).startswith(REASONS), address
        assert canary.visits == 0, address


REDIRECTS = [301, 302, 303, 307, 308]


def test_sec_05_redirects_are_followed_for_no_key(connection, web_server, canary):
    for number, status in enumerate(REDIRECTS, 1):
        elsewhere = web_server.says(Said(b"", status, {"Location": f"http://127.0.0.1:{canary.port}/"}))
        change(connection, key_set_url=elsewhere)
        assert cannot_launch(connection), status
        assert [asked.method for asked in web_server.asked] == ["GET"] * number, status
    assert canary.visits == 0


def test_sec_05_redirects_are_followed_for_no_token_and_no_score(connection, web_server, canary):
    home = connection.platform
    row = answered(connection)
    for number, status in enumerate(REDIRECTS, 1):
        elsewhere = web_server.says(Said(b"", status, {"Location": f"http://127.0.0.1:{canary.port}/"}))
        change(connection, auth_token_url=elsewhere)
        PendingScore.objects.update(sent_at=None)
        assert waits(tried(row), "access_token_refused"), status
        origin = elsewhere.rpartition("/")[0]
        change(connection, auth_token_url=home.auth_token_url, other_origins=origin)
        LineItem.objects.update(url=f"{origin}/line_item")
        assert waits(tried(row), "redirected: "), status
        assert [asked.method for asked in web_server.asked] == ["POST", "POST"] * number, status
    assert canary.visits == 0
