"""SEC-25: a request to our addresses is no larger than any launch, whatever the LMS's limits are."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from demo.browser import Browser
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.launches.limits import MAX_BYTES, MAX_FIELDS, MAX_QUERY
from lti_1p3_provider.plugin_settings import LIMITS
from tests.cases import every
from tests.connection import COURSE, PROBLEM, WELCOME

FORM = "application/x-www-form-urlencoded"
PATHS = {
    "login": "/lti/1p3/login/",
    "launch": "/lti/1p3/launch/",
    "continue": "/lti/1p3/continue/",
    "course_scores": f"/lti/1p3/scores/{COURSE}/",
    "content": f"/lti/1p3/launch/{COURSE}/{PROBLEM}",
}
seen: list[tuple[int, int, int]] = []


class Tracking:
    """As the LMS's middleware that logs forms: it reads them before any view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        seen.append((len(request.POST), len(request.FILES), len(request.GET)))
        return self.get_response(request)


@pytest.fixture(autouse=True)
def as_the_lms(settings) -> None:
    """It has no limits."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = None


@pytest.fixture
def client(settings) -> Client:
    """A client of an LMS that logs forms, and that checks CSRF."""
    first, *others = settings.MIDDLEWARE
    assert first == LIMITS
    settings.MIDDLEWARE = [first, f"{__name__}.Tracking", *others]
    settings.ALLOWED_HOSTS = ["*"]
    seen.clear()
    return Client(enforce_csrf_checks=True, raise_request_exception=True)


def is_refused(response: Any, door: str, said: str) -> bool:
    attempt = LaunchAttempt.objects.first()
    assert attempt is not None
    page = response.text if isinstance(response, requests.Response) else response.content.decode()
    assert (response.status_code, attempt.outcome, attempt.door) == (413, "request_too_large", door), page
    assert said in attempt.detail
    assert attempt.support_code in page
    return "no-store" in response.headers["Cache-Control"]


def many(number: int) -> str:
    return "&".join(f"f{one}=x" for one in range(number))


LARGE = {
    "bytes": ("a=" + "x" * MAX_BYTES, FORM, "bytes"),
    "five million": ("a=" + "x" * 5_000_000, FORM, "bytes"),
    "fields": (many(MAX_FIELDS + 1), FORM, "fields"),
    "empty fields": ("&" * 200_000, FORM, "fields"),
    "bytes of JSON": ("[" + "1," * MAX_BYTES + "1]", "application/json", "bytes"),
    "parts": (
        "".join(f'--b\r\nContent-Disposition: form-data; name="f{one}"\r\n\r\nx\r\n' for one in range(101)) + "--b--",
        "multipart/form-data; boundary=b",
        "fields",
    ),
    "bare parts": ("--b\r\n" * 50_000 + "--b--", "multipart/form-data; boundary=b", "fields"),
    "a file": (
        '--b\r\ncontent-Disposition: form-data; name="x"; FileName="y"\r\n\r\nx\r\n--b--\r\n',
        "multipart/form-data; boundary=b",
        "a file",
    ),
}


@pytest.mark.django_db
@every("door", PATHS)
@every("kind", LARGE)
def test_sec_25_a_large_request_is_refused_before_anybody_parses_it(client, door, kind):
    body, content_type, said = LARGE[kind]
    response = client.post(PATHS[door], body, content_type=content_type)
    assert is_refused(response, door, said)
    assert seen == [(0, 0, 0)]
    seen.clear()


@pytest.mark.django_db
@every("door", ["login", "launch", "content"])
@every("query", [many(MAX_FIELDS + 1), "&" * 5000, "a=" + "x" * MAX_QUERY])
@every("method", ["get", "post"])
def test_sec_25_a_query_has_limits(client, door, query, method):
    assert is_refused(getattr(client, method)(f"{PATHS[door]}?{query}"), door, "a query" if "xx" in query else "param")
    assert seen == [(0, 0, 0)]
    seen.clear()


@pytest.mark.django_db
@every("length", ["-1", "+5", "1_0", " 5", "5x", "٥", "9" * 400])
def test_sec_25_a_length_is_a_number(client, length):
    response = client.post(PATHS["launch"], "a=b", content_type=FORM, CONTENT_LENGTH=length)
    assert is_refused(response, "launch", "bytes" if length.startswith("99") else "no number")


@pytest.mark.django_db
def test_sec_25_what_is_just_not_too_large_is_read(client):
    body = urlencode({"id_token": "x" * 1000, "state": "y"})
    body += "&a=" + "x" * (MAX_BYTES - len(body) - 3)
    for sent in (body, many(MAX_FIELDS)):
        client.post(PATHS["launch"], sent, content_type=FORM)
        assert LaunchAttempt.objects.first().outcome != "request_too_large"
    assert [fields for fields, *_ in seen] == [3, MAX_FIELDS]
    parts = {f"f{number}": "x" for number in range(MAX_FIELDS)}
    client.post(PATHS["launch"], parts)
    assert seen[-1] == (MAX_FIELDS, 0, 0)
    assert LaunchAttempt.objects.first().outcome == "token_missing"
    client.get(f"{PATHS['login']}?{many(MAX_FIELDS)}")
    assert (seen[-1][2], LaunchAttempt.objects.first().outcome) == (MAX_FIELDS, "login_parameter_missing")


@pytest.mark.django_db
def test_sec_25_a_file_of_a_form_is_refused(client):
    file = SimpleUploadedFile("x.txt", b"x")
    assert is_refused(client.post(PATHS["launch"], {"id_token": file, "state": "x"}), "launch", "a file")


@pytest.mark.django_db
def test_sec_25_a_site_without_the_middleware_is_protected_by_the_doors(settings, client):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name not in (LIMITS, f"{__name__}.Tracking")]
    for door in ("login", "launch"):
        for body, content_type, said in LARGE.values():
            assert is_refused(client.post(PATHS[door], body, content_type=content_type), door, said)


@pytest.mark.django_db
def test_sec_25_smaller_limits_of_a_site_count(settings, client):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert is_refused(client.post(PATHS["launch"], "a=" + "x" * 20, content_type=FORM), "launch", "this site")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 3
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.endswith("Tracking")]
    client = Client()
    assert is_refused(client.post(PATHS["launch"], many(4), content_type=FORM), "launch", "TooManyFieldsSent")


@pytest.mark.django_db
def test_other_pages_of_the_lms_are_left_alone(client):
    assert client.get(f"/admin/login/?{many(200)}").status_code == 200
    assert seen[-1][2] == 200
    client.post("/admin/login/", many(200), content_type=FORM)
    assert seen[-1][0] == 200


@pytest.mark.django_db
def test_nothing_is_looked_at_while_we_are_off(settings, client):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    assert client.post(PATHS["launch"], many(200), content_type=FORM).status_code == 404


# --- over real HTTP ---------------------------------------------------------------------------------------------------


def exchange(lms: str, *sent: bytes) -> str:
    """Send bytes; return what comes back, which may be before all was sent."""
    address, received = urlsplit(lms), b""
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        with suppress(OSError):  # a server that has answered, and reads no more, ends the connection
            for part in sent:
                line.sendall(part)
            line.shutdown(socket.SHUT_WR)
        with suppress(ConnectionResetError):  # after what it said
            while part := line.recv(65536):
                received += part
    return received.decode()


def head(door: str, *lines: str) -> bytes:
    said = [f"POST {PATHS[door]} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", f"Content-Type: {FORM}", *lines]
    return "\r\n".join([*said, "", ""]).encode()


@pytest.mark.parametrize("door", ["login", "launch", "continue"])
def test_sec_25_a_body_in_chunks_is_refused(lms, door):
    said = exchange(lms, head(door, "Transfer-Encoding: chunked"), b"3\r\na=b\r\n0\r\n\r\n")
    assert said.startswith("HTTP/1.1 413 ")
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.detail) == ("request_too_large", "a body of unknown length")
    assert attempt.support_code in said


def test_sec_25_a_body_that_is_announced_as_too_large_need_not_come(lms):
    said = exchange(lms, head("launch", "Content-Length: 5000000"), b"a=b")
    assert said.startswith("HTTP/1.1 413 ")
    assert LaunchAttempt.objects.get().outcome == "request_too_large"


def test_without_a_length_there_is_no_body(lms):
    assert exchange(lms, head("launch"), b"id_token=x&state=y").startswith("HTTP/1.1 400 ")
    assert LaunchAttempt.objects.get().outcome == "token_missing"


def test_a_body_is_read_as_far_as_it_was_announced(lms):
    assert exchange(lms, head("launch", "Content-Length: 10"), b"id_token=x&state=y").startswith("HTTP/1.1 400 ")
    attempt = LaunchAttempt.objects.get()
    assert (attempt.outcome, attempt.detail) == ("token_missing", "missing: state")


@every("door", ["login", "launch", "continue"])
def test_sec_25_a_form_of_five_million_bytes_gets_a_page(lms, door):
    response = requests.post(f"{lms}{PATHS[door]}", data={"a": "x" * 5_000_000}, timeout=10)
    assert is_refused(response, door, "bytes")


def test_a_real_launch_is_far_from_the_limits(connection):
    browser = Browser()
    page = connection.launch(connection.link(WELCOME, graded=True), browser=browser)
    assert page.status_code == 200
    door = reverse("lti_1p3_provider:course_scores", args=[COURSE])
    assert browser.post(f"{connection.lms}{door}", data={"row": "1"}, timeout=10).status_code == 403
