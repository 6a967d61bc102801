"""The doctor goes round many platforms side by side: what one of them does hurts no other, and it ends in time."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import RequestFactory
from django.urls import resolve, reverse

from lti_1p3_provider.diagnostics.verdict import Verdict
from lti_1p3_provider.doctor import connection as doctor
from lti_1p3_provider.doctor import together
from lti_1p3_provider.doctor.admin import ExaminedRegistrationAdmin
from lti_1p3_provider.doctor.findings import Finding, each, good
from lti_1p3_provider.lti.key_sets import FETCH_TIMEOUT
from lti_1p3_provider.registrations.models import Deployment, Registration
from tests.cases import every
from tests.connection import COURSE, Connection
from tests.later import Clock
from tests.scoring import launched
from tests.web_server import Said, WebServer

DOZENS = together.MAX_AT_ONCE - 1  # with those that are sound, one more than threads
CLOSED = {"Connection": "close"}
NESTED = b'{"keys": [{"kty": "RSA", "kid": "a", "e": "AQAB", "n": ' + b"[" * 500 + b"]" * 500 + b"}]}"


@pytest.fixture
def sound(connect) -> Connection:
    """A connection of which everything works."""
    connection = connect(title="Sound")
    launched(connection)
    connection.gate(allowed_courses=[COURSE])
    return connection


@pytest.fixture
def ended() -> Iterator[None]:
    """Wait for threads that a test left behind: they must not work on the next test's database."""
    yield
    for thread in threading.enumerate():
        if thread.name.startswith("lti-doctor-"):
            thread.join(timeout=20)
            assert not thread.is_alive()


def register(title: str, url: str) -> Registration:
    """Register a platform of which every service is at one address."""
    row = Registration.objects.create(
        title=title, issuer=url, client_id=title, auth_login_url=url, auth_token_url=url, key_set_url=url
    )
    Deployment.objects.create(registration=row, deployment_id="1", status=Deployment.Status.APPROVED)
    Deployment.objects.create(registration=row, deployment_id="2", status=Deployment.Status.APPROVED)
    return row


@pytest.fixture
def silent(ended: None, sound: Connection, settings) -> Iterator[list[Registration]]:
    """Dozens of platforms that take a connection and say nothing, registered after one that is sound."""
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = 1
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(DOZENS)]
    yield [register(f"Silent {one.getsockname()[1]}", f"http://127.0.0.1:{one.getsockname()[1]}/") for one in servers]
    for server in servers:
        server.close()


class Watched(StringIO):
    """Notes when each text was written, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.written = time.monotonic(), list[tuple[float, str]]()

    def write(self, text: str) -> int:
        self.written.append((time.monotonic() - self.began, text))
        return super().write(text)


def run(*arguments: str) -> tuple[int, Watched, float]:
    """Run the command; return its exit code, what it printed, and after how many seconds it ended."""
    out = Watched()
    try:
        call_command("lti_1p3_doctor", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out, time.monotonic() - out.began
    return 0, out, time.monotonic() - out.began


def block_of(text: str, title: str) -> str:
    """Return what was printed about one registration."""
    (found,) = re.findall(rf"^{title} \(.*\):\n((?:  .*\n)+)", text, re.M)
    return str(found)


def test_dozens_that_say_nothing_are_examined_side_by_side_and_what_is_known_is_printed(silent, connect):
    last = connect(title="Sound and last")
    code, out, seconds = run("--within=50")
    assert code == 3
    assert seconds < 30, "one after another they take three minutes"
    text = out.getvalue()
    for row in silent:
        block = block_of(text, row.title)
        assert "WRONG   key set: The key set URL cannot be read: platform_unreachable, no whole answer in 5 s" in block
        assert block.count("No access token: platform_unreachable, no whole answer in 1 s") == 1, "the address is one"
    assert "WRONG   time" not in text
    for title in ("Sound", "Sound and last"):
        assert "An access token is granted" in block_of(text, title)
    assert last.client_id in text
    when = {written.partition(" (")[0]: at for at, written in out.written}
    assert when["Sound"] < min(when[row.title] for row in silent), "it is printed as soon as it is known"


def test_when_the_time_is_over_all_that_is_known_is_printed_once(silent):
    code, out, seconds = run("--within=3", "--json")
    assert code == 3
    assert seconds < 8
    said = json.loads(out.getvalue())
    assert len(said) == 2 + DOZENS
    assert next(iter(said)) == "this site"
    for row in silent:
        ones = said[f"{row.title} ({row.client_id})"]
        assert (ones[-1]["about"], ones[-1]["grade"]) == ("time", "wrong")
        assert "when 3 s were" in ones[-1]["says"]
    assert any("deployments" in one["about"] for one in said[f"{silent[0].title} ({silent[0].client_id})"])
    (sound,) = [ones for name, ones in said.items() if name.startswith("Sound")]
    assert {one["grade"] for one in sound} == {"good"}


def test_the_admins_page_ends_in_time_too(silent, admin_user):
    page = ExaminedRegistrationAdmin(Registration, admin.site)
    page.within = 1
    request = RequestFactory().post("/")
    request.user = admin_user
    began = time.monotonic()
    text = page.examine(request, silent[0].pk).content.decode()
    assert time.monotonic() - began < 5, "its key set alone takes that long"
    assert "was not over when 1 s were" in text


@pytest.mark.parametrize("name", ["lti_1p3_provider_doctor", "lti_1p3_provider_registration_doctor"])
def test_the_admins_pages_hold_no_transaction_while_they_wait(name):
    url = reverse(f"admin:{name}", args=[1] if "registration" in name else [])
    assert resolve(url).func._non_atomic_requests == {"default"}


HOSTILE = [
    Said(b'{"keys": []}', headers={"Date": "Wed, 25 Nov 2026 10:00:00 +9999999999999"}),
    Said(b'{"keys": []}', headers={"Date": "Mon, 01 Jan 0001 00:00:00 +2359"}),
    Said(b'{"keys": []}', headers={"Date": "Fri, 31 Dec 9999 23:59:59 -2359"}),
    Said(b"{}", headers={"Content-Length": "-1"}),  # and the connection stays open: each request takes all its time
    Said(b"{}", headers={"Content-Length": "two", **CLOSED}),
    Said(b"no chunk", headers={"Transfer-Encoding": "chunked", **CLOSED}),
    Said(b"{}", headers={"Content-Encoding": "gzip"}),
    Said(b"{}", headers={"Content-Type": "text/html; charset=nowhere\xff"}),
    Said(b"{}", headers={"Set-Cookie": "a=b; expires=Wed, 99 Nov 99999999999 10:00:00 GMT; max-age=1e999"}),
    Said(b"{}", headers={"X-Long": "x" * 70_000}),
    Said(b"{}", headers={f"X-{number}": "x" for number in range(200)}),
    Said(b"{}", status=301, headers={"Location": "http://[::1"}),
    Said(b'{"keys": {"kty": "RSA"}}'),
    Said(b'{"keys": [null, 7, [], "x", {"kty": []}, {"kty": "RSA", "kid": "a", "n": 5, "e": {}}]}'),
    Said(b'{"keys": [{"kty": "RSA", "kid": "\\ud800", "n": "\\ud800", "e": "AQAB", "alg": [], "use": {}}]}'),
    Said(NESTED),
    Said(b"[" * 100_000),
    Said(b"9" * 10_000),
    Said(b"\xff\xfe\x00"),
    Said(b'{"access_token": ["x"], "expires_in": "inf", "keys": 1e999}'),
    Said(b'{"access_token": "x", "expires_in": 1e999}'),
]


def test_what_hostile_platforms_answer_is_their_own_finding_and_hurts_nobody(sound, ended, settings, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock.now)
    settings.LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC = 1
    sound.registration.refresh_from_db()
    with ExitStack() as servers:
        rows = {
            at: register(f"Hostile {at}", servers.enter_context(WebServer()).says(said))
            for at, said in enumerate(HOSTILE)
        }
        all_of_them = {**rows, "sound": sound.registration}
        examinations = {name: lambda row=row: doctor.examine(row) for name, row in all_of_them.items()}
        found = {}
        for name, findings in together.examine(examinations, 20):
            found[name] = findings
            if len(found) == len(HOSTILE):  # all but the one that takes all its time
                clock.jump(FETCH_TIMEOUT)
    assert {one.verdict for one in found.pop("sound")} == {Verdict.GOOD}
    for at, findings in found.items():
        said = HOSTILE[at]
        abouts = [one.about for one in findings]
        assert "key set" in abouts, said
        assert "deployment 1" in abouts, f"what comes later is tried all the same: {said}"
        assert "examination" not in abouts, said
        assert not any(one.says.startswith("This cannot be examined") for one in findings), f"it is foreseen: {said}"


class Panic(BaseException):
    """As a library that is written in Rust raises it."""


@every("error", [OverflowError, RecursionError, MemoryError, KeyError, SystemExit, Panic, StopIteration])
def test_whatever_an_examination_raises_is_a_finding_of_that_one(error):
    def broken() -> Iterator[Finding]:
        yield good("first", "It was tried.")
        raise error("a secret")

    found = dict(together.examine({"broken": broken, "sound": lambda: [good("all", "Good.")]}, 5))
    first, second = found["broken"]
    assert first.about == "first"
    assert (second.about, second.verdict) == ("examination", Verdict.WRONG)
    assert "secret" not in second.says
    assert [one.verdict for one in found["sound"]] == [Verdict.GOOD]


def test_a_step_that_raises_costs_only_itself():
    def broken() -> list[Finding]:
        raise OverflowError("a secret")

    found = list(each([("one", broken), ("two", lambda: [good("two", "Good.")])]))
    assert [(one.about, one.verdict) for one in found] == [("one", Verdict.WRONG), ("two", Verdict.GOOD)]
    assert "OverflowError" in found[0].says


def test_more_examinations_than_threads_are_all_made():
    many = {number: lambda: [good("all", "Good.")] for number in range(3 * together.MAX_AT_ONCE)}
    assert sorted(name for name, _ in together.examine(many, 20)) == sorted(many)


def test_what_had_no_turn_is_named(ended):
    def slow() -> Iterator[Finding]:
        time.sleep(0.6)
        yield good("all", "Good.")

    many = dict.fromkeys(range(together.MAX_AT_ONCE + 1), slow)
    found = dict(together.examine(many, 0.3))
    assert set(found) == set(many)
    assert all("had no result when 0.3 s were" in one.says for ones in found.values() for one in ones)


def test_each_thread_closes_its_connection_to_the_database(transactional_db, ended):
    opened = []

    def note(connection: object, **_: object) -> None:
        opened.append((threading.current_thread(), connection))

    def ask() -> list[Finding]:
        return [good("registrations", str(Registration.objects.count()))]

    assert Registration.objects.count() == 0
    connection_created.connect(note)
    try:
        list(together.examine(dict.fromkeys(range(8), ask), 20))
    finally:
        connection_created.disconnect(note)
    ours = [(thread, connection) for thread, connection in opened if thread.name.startswith("lti-doctor-")]
    assert ours
    for thread, connection in ours:
        thread.join(timeout=5)
        assert connection.connection is None
    assert connections["default"].connection is not None, "the caller's own stays open"


def test_two_platforms_of_one_name_are_both_examined(sound, web_server, ended):
    url = web_server.says(Said(b"{}"))
    twins = [register("Twin", url)]
    Registration.objects.filter(pk=twins[0].pk).update(issuer="https://first.example")
    twins.append(register("Twin", url))
    _, out, _ = run("--json")
    assert [name for name in json.loads(out.getvalue()) if name.startswith("Twin")] == [
        "Twin (Twin)",
        f"Twin (Twin) {twins[1].pk}",
    ]


@every("seconds", ["0", "-1", "nan", "inf", "soon", "100000"])
def test_the_time_must_be_a_time(seconds):
    with pytest.raises(CommandError):
        call_command("lti_1p3_doctor", f"--within={seconds}")
