"""Keys in requests: what is read, and what nobody can be sure about."""

from __future__ import annotations

import base64
import json

import pytest
from django.test import RequestFactory
from opaque_keys.edx.asides import AsideUsageKeyV2
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host import keys
from lti_1p3_provider.host.surface import keep_query
from tests.cases import every

COURSE = CourseKey.from_string("course-v1:A+B+C")
BLOCK = UsageKey.from_string("block-v1:A+B+C+type@problem+block@p")
HERE = str(BLOCK)


@pytest.mark.parametrize("text", ["course-v1:A+B+C", "course-v1:A B C"])
def test_a_course(text):
    assert keys.course(text) == COURSE


@every(
    "text", ["", "nonsense", "course-v1:A+B+C+branch@draft-branch", "course-v1:A+B+C+version@519665f6223ebd6980884f2b"]
)
def test_no_course(text):
    with pytest.raises(keys.Unreadable):
        keys.course(text)


@every(
    "text",
    [
        HERE,
        HERE.replace("+", " "),
        "i4x:;_;_A;_B;_problem;_p",
        "i4x://A/B/problem/p",
        f"aside-usage-v2:{HERE.replace(':', '$:', 1)}::some_aside",
        str(AsideUsageKeyV2(AsideUsageKeyV2(BLOCK, "one_aside"), "some_aside")),
    ],
)
def test_a_block_within_its_course(text):
    assert keys.block(text, COURSE) == BLOCK


@every(
    "text",
    [
        "",
        "nonsense",
        "course-v1:A+B+C",
        HERE.replace("A+B+C", "A+B+D"),
        HERE.replace("+type", "+branch@draft-branch+type"),
        HERE.replace("+type", "+branch@published-branch+type"),
        HERE.replace("+type", "+version@519665f6223ebd6980884f2b+type"),
        f"aside-usage-v2:{HERE.replace('+type', '+branch@draft-branch+type').replace(':', '$:', 1)}::some_aside",
        "lb:A:B:problem:p",
        HERE.replace("+", "%2B"),
    ],
)
def test_no_block_within_its_course(text):
    with pytest.raises(keys.Unreadable):
        keys.block(text, COURSE)


def query(text: str):
    return keys.in_query(RequestFactory().get(f"/?{text}"))


def test_keys_in_a_query_whatever_the_parameters_are_called():
    assert query(f"a={HERE.replace('+', '%2B')}&b=course-v1:A+B+C&c=plain&next=/courses/course-v1:X+Y+Z") == [
        BLOCK,
        COURSE,
    ]
    assert query(f"a=x,{HERE.replace('+', '%2B')},course-v1:A%2BB%2BC") == [BLOCK, COURSE]
    assert query("a=block&b=i4x&c=library of texts&d=") == []
    for text in ("course-v1%253AA%252BB%252BC", "block-v1%25253AA", "COURSE-V1:A", "i4x://nonsense", "lb:x"):
        with pytest.raises(keys.Unreadable):
            query(f"a={text}")


def body(data: object, kind: str = "application/json"):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return keys.in_body(RequestFactory().post("/", raw, content_type=kind), ("one", "more"))


def test_keys_in_a_body():
    assert body({"one": HERE, "other": "nonsense"}) == [BLOCK]
    assert body({"more": {HERE: 1.0}, "one": "course-v1:A+B+C"}) == [COURSE, BLOCK]
    assert body({"more": [HERE]}) == [BLOCK]
    assert body({}) == body(b"") == body({"one": None}) == []
    assert body(b"one=course-v1:A%2BB%2BC&one=" + HERE.replace("+", "%2B").encode(), keys.FORMS[0]) == [COURSE, BLOCK]


@every(
    "data",
    [
        *([HERE], "text", 1, None, {"one": "nonsense"}, {"one": 5}, {"one": {"a": HERE}}, {"more": [[HERE]]}),
        *(b"{", b"\xff", json.dumps({"one": HERE}).encode("utf-16"), b"[" * 100_000, b" " * 300_000 + b"{}"),
    ],
)
def test_a_body_that_nobody_can_be_sure_about(data):
    with pytest.raises(keys.Unreadable):
        body(data)


def token(claims: object) -> str:
    return f"x.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.y"


def test_the_name_in_a_token():
    assert keys.name_in_token(token({"preferred_username": "lti_1"})) == "lti_1"
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
    odd = ("", "x", "x.y.z", "x.\xe9.z", token([]), token({}), token({"preferred_username": 5}), f"x.{deep}.y")
    for other in odd:
        assert keys.name_in_token(other) is None


def test_a_query_is_cut_down():
    request = RequestFactory().get("/?a=1&b=2&a=3&c=%C3%A9")
    keep_query(request, frozenset(("a", "c")))
    assert dict(request.GET.lists()) == {"a": ["1", "3"], "c": ["é"]}
    assert request.META["QUERY_STRING"] == "a=1&a=3&c=%C3%A9"
    with pytest.raises(AttributeError):
        request.GET["d"] = "4"
