"""Outgoing requests (SEC-05, SEC-06): which addresses are called, and how much of an answer is read."""

from __future__ import annotations

import contextlib
import gzip
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier

import psutil
import pytest

from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, PlatformUnreachable
from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.exchange import Answer, Pause, Request
from lti_1p3_provider.web.addresses import is_within
from tests.cases import every
from tests.web_server import Said

TOGETHER = 4


@cache
def bomb() -> bytes:
    """Return 50 MB of zeros, which take a while to pack."""
    return gzip.compress(b"0" * 50_000_000)


class Hostile(BaseHTTPRequestHandler):
    """Answers as hostile servers do."""

    seen: list[dict[str, str]] = []  # noqa: RUF012
    ports: list[int] = []  # noqa: RUF012
    protocol_version = "HTTP/1.1"
    all_here = Barrier(TOGETHER)

    def do_GET(self) -> None:
        type(self).seen.append(dict(self.headers))
        type(self).ports.append(self.client_address[1])
        getattr(self, self.path.strip("/").partition("/")[0])()

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fine(self) -> None:
        self._send(200, b'{"a": 1}', Set_Cookie="tracker=1")

    def redirect(self) -> None:
        self._send(302, b"", Location="/fine")

    def huge(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(64):
            self.wfile.write(b"x" * 65536)

    def torrent(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(2000):
                self.wfile.write(b"x" * 65536)
                time.sleep(0.002)

    def bomb(self) -> None:
        self._send(200, bomb(), Content_Encoding="gzip")

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.05)

    def headers_drip(self) -> None:
        with contextlib.suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 200:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.05)

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.05)

    def continues(self) -> None:
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.wfile.flush()
                time.sleep(0.05)

    def forgets(self) -> None:
        """Give a connection up as soon as it is used again."""
        if getattr(self, "served", False):
            self.close_connection = True
        else:
            self.served = True
            self.fine()

    def together(self) -> None:
        """Answer so many at once, each on a connection of its own, which is given up when it is used again."""
        self.all_here.wait(10)
        self.served = True
        self.fine()

    do_POST = do_GET

    def silent(self) -> None:
        time.sleep(1)

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x")

    def chunks(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"zz\r\nnonsense")

    def deep(self) -> None:
        self._send(200, b"[" * 100_000)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    httpd.handle_error = lambda *args: None  # type: ignore[method-assign]
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()


@every(
    "url",
    [
        "http://platform.example/jwks",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://user:secret@platform.example/",
        "https://platform.example\\@127.0.0.1/",
        "https://platform.example/ x",
        "https://platform.example/\r\nHost: x",
        "https:///x",
        "//platform.example/x",
        "",
        "x",
        "https://[::1",
        "https://host:99999/",
    ],
)
def test_sec_05_addresses_that_are_not_called(url):
    with pytest.raises(AddressForbidden) as caught:
        transport.send("GET", url)
    assert caught.value.detail


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.9.9.9",
        "localhost",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:10.0.0.1]",
        "[fe80::1]",
        "[fc00::1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[fec0::1]",
        "[ff02::1]",
        "[::]",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "224.0.0.1",
        "240.0.0.1",
    ],
)
def test_sec_05_private_and_special_addresses_are_not_connected_to(host, settings):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    with pytest.raises(AddressForbidden):
        transport.send("GET", f"https://{host}/jwks", timeout=2)


def test_sec_05_private_hosts_are_allowed_by_exact_name_only(server, settings):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = [server.removeprefix("http://")]
    assert transport.send("GET", f"{server}/fine").json() == {"a": 1}
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = ["127.0.0.1:1", "127.0.0", "127.0.0.1.evil.example"]
    with pytest.raises(AddressForbidden):
        transport.send("GET", f"{server}/fine")


METADATA = ["169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]


@pytest.mark.parametrize("address", [*METADATA, "169.254.170.2", "::ffff:169.254.169.254"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("literal", [True, False])
def test_sec_05_where_a_cloud_tells_its_secrets_is_never_called(monkeypatch, settings, address, named, literal):
    host = (f"[{address}]" if ":" in address else address) if literal else "metadata.example"
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = [address, host] if named else []
    called = []
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def resolver(host, port, *args, **kwargs):
        return [(family, socket.SOCK_STREAM, 6, "", (address, port or 0))]

    def connect(self, address):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(AddressForbidden):
        transport.send("GET", f"https://{host}/latest", timeout=2)
    assert called == []


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.9", "168.63.129.17", "fd00:aaaa::1"])
def test_sec_05_other_private_addresses_are_called_if_the_operator_named_the_host(monkeypatch, settings, address):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = ["intranet.example"]
    called = []
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def connect(self, address):
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *args, **kwargs: [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    )
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", "https://intranet.example/jwks", timeout=2)
    assert called == [address]


def test_sec_05_a_name_is_looked_up_once_and_its_address_is_the_one_that_is_called(monkeypatch, settings):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    asked, called = [], []

    def resolver(host, port, *args, **kwargs):
        asked.append(host)
        address = "93.184.215.14" if asked == ["rebinding.example"] else "127.0.0.1" if host[0] == "r" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(self, address):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", "https://rebinding.example/jwks", timeout=2)
    assert asked.count("rebinding.example") == 1
    assert called == [("93.184.215.14", 443)]


@pytest.mark.parametrize("order", [("93.184.215.14", "127.0.0.1"), ("127.0.0.1", "93.184.215.14")])
def test_sec_05_of_a_name_with_several_addresses_no_inner_one_is_called(monkeypatch, settings, order):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = []
    called = []

    def resolver(host, port, *args, **kwargs):
        addresses = order if host == "both.example" else (host,)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    def connect(self, address):
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises((AddressForbidden, PlatformUnreachable)):
        transport.send("GET", "https://both.example/jwks", timeout=2)
    assert "127.0.0.1" not in dict(called)


@pytest.mark.parametrize("private", [[], ["slow.example"]])
def test_sec_06_a_name_server_that_hangs_holds_nobody(monkeypatch, settings, private):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = private
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(10) and [])
    begun = time.monotonic()
    with pytest.raises(PlatformUnreachable, match=r"no whole answer in 0\.3 s"):
        transport.send("GET", "https://slow.example/jwks", timeout=0.3)
    assert time.monotonic() - begun < 2
    released.set()


def test_sec_06_a_lookup_that_is_left_behind_does_not_keep_the_process_alive(monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(10) and [])
    before = set(threading.enumerate())
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", "https://slow.example/jwks", timeout=0.1)
    left = set(threading.enumerate()) - before
    assert left
    left.update(thread for thread in threading.enumerate() if thread.name == "lti-deadlines")
    assert all(thread.daemon for thread in left)
    released.set()


def test_sec_06_a_request_that_is_over_leaves_no_connection_open(server):
    transport.send("GET", f"{server}/fine")
    before = psutil.Process().num_fds()
    for _ in range(5):
        transport.send("GET", f"{server}/fine")
    assert psutil.Process().num_fds() == before


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_sec_06_the_child_of_a_process_that_had_deadlines_has_them_too(server):
    assert transport.send("GET", f"{server}/fine").ok
    child = os.fork()
    if child == 0:
        signal.alarm(4)  # the server goes on for longer
        try:
            transport.send("GET", f"{server}/drip", timeout=0.3)
        except PlatformUnreachable:
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_sec_05_redirects_are_answers(server):
    assert transport.send("GET", f"{server}/redirect").status == 302


def test_sec_05_no_cookies_and_a_user_agent(server):
    transport.send("GET", f"{server}/fine")
    transport.send("GET", f"{server}/fine")
    assert "Cookie" not in Hostile.seen[-1]
    assert Hostile.seen[-1]["User-Agent"] == "lti-1p3-provider (Open edX)"
    assert (Hostile.seen[-1]["Accept-Encoding"], Hostile.seen[-1]["Connection"]) == ("identity", "keep-alive")


def test_sec_05_proxies_and_passwords_of_the_environment_are_not_used(server, monkeypatch, tmp_path):
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login somebody password secret")
    monkeypatch.setenv("NETRC", str(passwords))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert transport.send("GET", f"{server}/fine").ok
    assert "Authorization" not in Hostile.seen[-1]


@pytest.mark.parametrize("path", ["huge", "bomb", "torrent"])
def test_sec_06_too_much(server, path):
    bomb()  # before the time runs
    with pytest.raises(AnswerUnreadable):
        transport.send("GET", f"{server}/{path}", timeout=2)


def test_sec_06_an_answer_may_be_a_mebibyte_and_no_larger(web_server):
    most = bytes(range(256)) * 4096
    assert transport.send("GET", web_server.says(Said(most))).body == most
    with pytest.raises(AnswerUnreadable, match="larger than 1048576 bytes"):
        transport.send("GET", web_server.says(Said(most + b"x")))


def test_an_answer_has_its_headers_in_lower_case(web_server):
    answer = transport.send("GET", web_server.says(Said(headers={"X-Some": "Thing", "Content-Encoding": "Identity"})))
    assert answer.headers["x-some"] == "Thing"
    assert "X-Some" not in answer.headers


@every("status, ok", [(199, False), (200, True), (204, True), (299, True), (300, False)])
def test_ags_13_what_counts_as_success(status, ok):
    assert Answer(status, {}, b"").ok is ok


def test_a_conversation_may_go_on_after_a_request_that_failed(server):
    def conversation():
        try:
            yield Request("GET", "http://127.0.0.1:1/")
        except PlatformUnreachable:
            answer = yield Request("GET", f"{server}/fine")
        nothing = yield Pause(0.0)
        return answer.status, nothing

    assert transport.run(conversation()) == (200, None)
    with pytest.raises(PlatformUnreachable):
        transport.run(one for one in [Request("GET", "http://127.0.0.1:1/")])


def test_a_pause_is_waited_for(monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    assert transport.perform(Pause(0.25)) is None
    assert waited == [0.25]


def test_a_request_is_sent_as_it_was_asked_for_and_has_its_own_time(server, web_server):
    assert transport.perform(Request("POST", web_server.says(Said()), {"X-A": "b"}, body=b"body")).ok
    assert transport.perform(Request("POST", web_server.says(Said()), form={"a": "b&c"})).ok
    with_body, with_form = web_server.asked
    assert (with_body.method, with_body.body, with_body.headers["X-A"]) == ("POST", b"body", "b")
    assert with_form.body == b"a=b%26c"
    with pytest.raises(PlatformUnreachable, match=r"no whole answer in 0\.3 s"):
        transport.perform(Request("GET", f"{server}/silent", timeout=0.3))


def test_a_forked_process_opens_connections_of_its_own(server, monkeypatch):
    def port_of(process: int) -> int:
        monkeypatch.setattr(os, "getpid", lambda: process)
        transport.send("GET", f"{server}/fine")
        return Hostile.ports[-1]

    assert port_of(1) == port_of(1) != port_of(2)


@every("path", ["drip", "silent", "headers_drip", "continues", "endless"])
def test_sec_06_too_slow(server, path):
    begun = time.monotonic()
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", f"{server}/{path}", timeout=0.2)
    assert time.monotonic() - begun < 2


def test_sec_06_a_slow_answer_does_not_spoil_the_next(server):
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", f"{server}/drip", timeout=0.2)
    for _ in range(3):
        assert transport.send("GET", f"{server}/fine", timeout=2).ok


def test_one_connection_serves_many_requests(server):
    ports = set()
    for _ in range(5):
        transport.send("GET", f"{server}/fine")
        ports.add(Hostile.ports[-1])
    assert len(ports) == 1


def test_sec_06_json_that_is_too_deep(server):
    answer = transport.send("GET", f"{server}/deep")
    with pytest.raises(AnswerUnreadable):
        answer.json()


@pytest.mark.parametrize("path", ["cut", "chunks"])
def test_sec_06_an_answer_that_breaks_off(server, path):
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", f"{server}/{path}", timeout=0.5)


def test_nobody_listens():
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", "http://127.0.0.1:1/")


@every(
    "url, within",
    [
        ("https://lms.example/api", True),
        ("https://LMS.example/api", True),
        ("https://a.school.example/x", True),
        ("https://b.a.school.example/x", True),
        ("https://school.example/x", False),
        ("https://evilschool.example/x", False),
        ("http://lms.example/api", False),
        ("https://lms.example:444/api", False),
        ("https://lms.example.evil.example/", False),
        ("https://evil.example/https://lms.example", False),
        ("https://lms.example@evil.example/", False),
        ("javascript:x", False),
    ],
)
def test_sec_29_what_lies_on_a_platforms_hosts(url, within):
    assert is_within(url, ("https://lms.example", "https://*.school.example")) is within


def test_sec_06_a_get_finds_a_connection_that_was_given_up(server):
    """Firewalls forget them; a key set, which is asked for now and then, would never be read again."""
    url = f"{server}/forgets"
    with ThreadPoolExecutor(TOGETHER) as threads:  # a page with several frames, say
        asked = threads.map(lambda _: transport.send("GET", f"{server}/together"), range(TOGETHER))
        assert all(answer.ok for answer in asked)
    before = len(Hostile.seen)
    for _ in range(TOGETHER + 2):
        assert transport.send("GET", url).json() == {"a": 1}
    assert len(Hostile.seen) - before == 2 * (TOGETHER + 2), "each once on a connection of before, and on a new one"


def test_what_changes_something_is_not_sent_again_by_the_transport(server):
    url = f"{server}/forgets"
    for _ in range(transport.POOL_SIZE):  # whatever connections are left of other tests
        with suppress(PlatformUnreachable):
            transport.send("POST", url, body=b"")
    assert transport.send("GET", url).ok
    before = len(Hostile.seen)
    with pytest.raises(PlatformUnreachable):
        transport.send("POST", url, body=b"")
    assert len(Hostile.seen) == before + 1


def test_sec_06_a_server_that_answers_nobody_is_asked_once(server):
    before = len(Hostile.seen)
    assert transport.send("GET", f"{server}/fine").ok
    with pytest.raises(PlatformUnreachable):
        transport.send("GET", f"{server}/silent", timeout=0.3)
    assert len(Hostile.seen) == before + 2
