"""Which pages are our own, behind a proxy too."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from lti_1p3_provider.web import same_origin


@pytest.fixture
def request_inside(settings):
    """A request as the LMS sees it behind a proxy that speaks https to the world as lms.example."""
    settings.LMS_ROOT_URL = "https://lms.example"
    settings.ALLOWED_HOSTS = ["*"]
    return lambda host, **headers: RequestFactory().post("/lti/1p3/launch/", headers={"host": host, **headers})


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("lms.example", "https://lms.example"),
        ("other.example", "http://other.example"),
        ("lms.example:8000", "http://lms.example:8000"),
    ],
)
def test_core_03_our_address_is_the_public_one_if_the_host_is_the_same(request_inside, host, base):
    assert same_origin.base_url(request_inside(host)) == base


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("https://lms.example", True),
        ("http://lms.example", False),
        ("https://lms.example:444", False),
        ("https://platform.example", False),
        ("null", False),
    ],
)
def test_a_form_is_ours_if_its_page_has_our_origin(request_inside, origin, is_ours):
    assert same_origin.posted_here(request_inside("lms.example", origin=origin)) is is_ours


def test_a_form_whose_page_is_not_named_is_not_ours(request_inside):
    assert not same_origin.posted_here(request_inside("lms.example"))
