"""SEC-12, CORE-08: which addresses are content of this site, behind a proxy too."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from lti_1p3_provider.errors import TargetInvalid
from lti_1p3_provider.launches import targets
from tests.connection import COURSE, WELCOME

PATH = f"/lti/1p3/launch/{COURSE}/{WELCOME}"


@pytest.fixture
def request_inside(settings):
    """A request as the LMS sees it behind a proxy that speaks https to the world as lms.example."""
    settings.LMS_ROOT_URL = "https://lms.example"
    settings.ALLOWED_HOSTS = ["*"]
    return lambda host: RequestFactory().get("/lti/1p3/login/", headers={"host": host})


@pytest.mark.parametrize(
    "place",
    [
        "https://lms.example",
        "https://LMS.example",
        "https://lms.example:443",
        "http://lms.example:443",
        "http://inside.example:8000",
    ],
)
def test_core_08_our_hosts(request_inside, place):
    target = targets.parse(place + PATH, request_inside("inside.example:8000"))
    assert (str(target.course_key), str(target.usage_key), target.path) == (COURSE, WELCOME, PATH)


@pytest.mark.parametrize("place", ["http://inside.example", "http://inside.example:80"])
def test_core_08_port_80_need_not_be_said(request_inside, place):
    assert targets.parse(place + PATH, request_inside("inside.example"))


@pytest.mark.parametrize(
    "place",
    [
        "http://lms.example",
        "https://lms.example:444",
        "https://sub.lms.example",
        "http://inside.example",
        "https://inside.example",
        "http://inside.example:8001",
    ],
)
def test_sec_12_hosts_that_are_not_ours(request_inside, place):
    with pytest.raises(TargetInvalid, match="not on this host"):
        targets.parse(place + PATH, request_inside("inside.example:8000"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("javascript:alert(1)", "no web address|not a web address"),
        ("https://lms.example/nowhere/", "no page of this site"),
        ("https://lms.example/lti/1p3/launch/", "names no content"),
        (f"https://lms.example/lti/1p3/launch/{COURSE}/nonsense", "cannot be read"),
        (f"https://lms.example/lti/1p3/launch/nonsense/{WELCOME}", "cannot be read"),
        (f"https://lms.example/lti/1p3/launch/library-v1:A+B/{WELCOME}", "does not name a published course"),
        (f"https://lms.example/lti/1p3/launch/{COURSE}+branch@draft/{WELCOME}", "does not name a published course"),
        (
            f"https://lms.example/lti/1p3/launch/{COURSE}+version@519665f6223ebd6980884f2b/{WELCOME}",
            "does not name a published course",
        ),
        (f"https://lms.example/lti/1p3/launch/{COURSE}b/{WELCOME}", "not one of this course"),
    ],
)
def test_sec_12_the_refusal_says_what_is_wrong(request_inside, url, said):
    with pytest.raises(TargetInvalid, match=said):
        targets.parse(url, request_inside("lms.example"))


def test_core_08_a_whole_course_is_its_own_block_and_has_an_address_of_its_own():
    course, block = targets.from_keys(COURSE), targets.from_keys(COURSE, WELCOME)
    assert (course.is_course, block.is_course) == (True, False)
    assert str(course.usage_key) == f"{COURSE.replace('course-v1', 'block-v1')}+type@course+block@course"
    assert course == targets.from_keys(COURSE, str(course.usage_key))
    assert (course.path, block.path) == (f"/lti/1p3/launch/{COURSE}", PATH)
