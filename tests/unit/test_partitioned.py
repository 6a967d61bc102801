"""Which cookies become partitioned, and that they stay what they were otherwise (SEC-21, STOR-06)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from lti_1p3_provider.launches.partitioned import MARK, PartitionCookies
from tests.cases import every

FOR_FRAMES = {"samesite": "None", "secure": True}


def answered(session: dict[str, Any] | None, *cookies: tuple[str, str, dict[str, Any]]) -> list[str]:
    """Return the cookies that the browser is sent, when a view sets these."""

    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        for name, value, attributes in cookies:
            response.set_cookie(name, value, **attributes)
        return response

    request = RequestFactory().get("/")
    if session is not None:
        request.session = session  # type: ignore[assignment]
    return [cookie.OutputString() for cookie in PartitionCookies(view)(request).cookies.values()]


@every("value", ["plain", 'with space; and "quotes"', "é"])
def test_sec_21_only_the_attribute_is_added(value):
    attributes = {**FOR_FRAMES, "path": "/here/", "domain": "lms.example", "max_age": 60, "httponly": True}
    (before,) = answered({}, ("a", value, attributes))
    (after,) = answered({MARK: True}, ("a", value, attributes))
    assert after == f"{before}; Partitioned"
    assert 'a="with' in after or " " not in value
    for part in ("Path=/here/", "Domain=lms.example", "Max-Age=60", "HttpOnly", "Secure", "SameSite=None"):
        assert part in after.split("; ")


def test_sec_21_cookies_that_are_not_for_frames_stay_as_they_are():
    found = answered(
        {MARK: True},
        ("lax", "1", {"samesite": "Lax", "secure": True}),
        ("plain", "1", {"samesite": "None"}),
        ("frame", "1", FOR_FRAMES),
        ("another", "1", FOR_FRAMES),
        ("nothing", "1", {}),
    )
    assert [one.endswith("; Partitioned") for one in found] == [False, False, True, True, False]


@every("session", [None, {}, {MARK: False}, {"another": True}])
def test_sec_21_without_the_mark_of_such_a_launch_nothing_changes(session):
    (found,) = answered(session, ("a", "1", FOR_FRAMES))
    assert "Partitioned" not in found


def test_sec_21_who_looks_at_the_answer_still_finds_the_value():
    request = RequestFactory().get("/")
    request.session = {MARK: True}  # type: ignore[assignment]
    answer = PartitionCookies(lambda request: set_one(HttpResponse()))(request)
    assert answer.cookies["a"].value == "1"


def test_sec_21_the_attribute_is_there_once():
    inner = PartitionCookies(lambda request: set_one(HttpResponse()))
    request = RequestFactory().get("/")
    request.session = {MARK: True}  # type: ignore[assignment]
    (found,) = PartitionCookies(inner)(request).cookies.values()
    assert found.OutputString().count("Partitioned") == 1


def set_one(response: HttpResponse) -> HttpResponse:
    response.set_cookie("a", "1", **FOR_FRAMES)
    return response
