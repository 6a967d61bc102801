"""SEC-12, CORE-08: which addresses are content of this site, behind a proxy too."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from django.test import RequestFactory

from lti_1p3_provider.errors import TargetInvalid, TextNotKept
from lti_1p3_provider.launches import targets
from lti_1p3_provider.lti.messages import read_message
from tests.connection import CLAIM, COURSE, WELCOME

PATH = f"/lti/1p3/launch/{COURSE}/{WELCOME}"
SOMETHING = read_message(
    {
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": "1",
        f"{CLAIM}target_link_uri": "https://lms.example/lti/1p3/launch/",
        f"{CLAIM}roles": [],
        f"{CLAIM}resource_link": {"id": "1"},
    }
)


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
        "https://lms.example.",
        "http://lms.example:443",
        "http://inside.example:8000",
    ],
)
def test_core_08_our_hosts(request_inside, place):
    target = targets.parse(place + PATH, request_inside("inside.example:8000"))
    assert (str(target.course_key), str(target.usage_key), target.path) == (COURSE, WELCOME, PATH)


@pytest.mark.parametrize("host", ["m\xfcnchen.example", "XN--mnchen-3ya.example", "M\xdcNCHEN.example.:443"])
def test_core_08_our_host_in_another_spelling(request_inside, settings, host):
    settings.LMS_ROOT_URL = "https://m\xfcnchen.example"
    assert targets.parse(f"https://{host}{PATH}", request_inside("inside.example")).path == PATH


@pytest.mark.parametrize(
    "written",
    [
        PATH.replace("+", " "),
        PATH.replace("+", "%20"),
        PATH.replace("+", "%2520"),
        PATH.replace("+", "%2B"),
        PATH.replace("+", "%252b").replace(":", "%253A"),
        quote(quote(PATH)),
        f"{PATH}\u200b",
        f"{PATH}%E2%80%8B/",
        f"{PATH}%C2%A0",
    ],
)
def test_core_08_a_key_is_read_however_often_its_address_was_encoded_and_copied(request_inside, written):
    assert targets.parse(f"\ufeffhttps://lms.example{written}", request_inside("lms.example")).path == PATH
    key = written.strip("/").rpartition("/")[2]
    chosen = replace(SOMETHING, custom={"openedx_target": f" {key}"})
    assert targets.chosen(chosen, request_inside("lms.example")).path == PATH


@pytest.mark.parametrize(
    "named", [f"https://lms.example{PATH}", quote(f"https://lms.example{PATH}", safe=""), f"{WELCOME}/"]
)
def test_core_08_a_parameter_names_what_it_opens(request_inside, named):
    chosen = replace(SOMETHING, custom={"openedx_target": f"\u200b{named} "})
    assert targets.chosen(chosen, request_inside("lms.example")).path == PATH


@pytest.mark.parametrize(
    "key", ["Org/Course/Run", "Org%2FCourse%2FRun", "course-v1:A+B+C/", "../x", "%2525%32%35", "%00"]
)
def test_sec_12_no_address_is_made_of_what_is_no_key_of_ours(request_inside, key):
    chosen = replace(SOMETHING, custom={"openedx_target": f"x/{key}" if key.endswith("/") else key})
    with pytest.raises((TargetInvalid, TextNotKept)):
        targets.chosen(chosen, request_inside("lms.example"))


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
