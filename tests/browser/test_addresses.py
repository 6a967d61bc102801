"""What our reading of an address says is what a real browser makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from lti_1p3_provider.errors import TargetInvalid
from lti_1p3_provider.launches import targets
from lti_1p3_provider.web.addresses import is_within, split_url, trimmed
from tests.connection import COURSE, WELCOME
from tests.properties.budget import examples
from tests.properties.urls import urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

SOURCES = ("https://lms.example", "https://*.school.example", "http://intranet:8080")
CONTENT = f"/lti/1p3/launch/{COURSE}/{WELCOME}"
READ = """texts => texts.map(text => {
    try {
        const {protocol, hostname, port, username, password, pathname} = new URL(text);
        return {protocol, hostname, port, username, password, pathname};
    } catch { return null; }
})"""


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


def is_ours(host: str, port: str) -> bool:
    """A dot at the end says that the name is whole: it leads to the same host."""
    host = host.removesuffix(".")
    return (host == "lms.example" or host.endswith(".school.example")) and port == ""


@examples(40)
@given(texts=st.lists(urls, min_size=20, max_size=60, unique=True))
def test_sec_12_sec_13_sec_29_a_browser_goes_where_we_think_it_goes(tab, settings, texts):
    settings.LTI_1P3_PROVIDER_PUBLIC_URL = "https://lms.example"
    said = [*texts, *(f"{text.rstrip('/')}{CONTENT}" for text in texts)]
    as_said, trimmed_first = (tab.evaluate(READ, list(how)) for how in (said, map(trimmed, said)))
    for text, read, target in zip(said, as_said, trimmed_first, strict=True):
        if is_within(text, SOURCES):
            assert read, text
            assert is_ours(read["hostname"], read["port"]), (text, read)
            assert read["protocol"] == "https:"
        if split_url(text) is not None and read is not None:
            assert read["protocol"] in ("http:", "https:"), text
            assert read["username"] == read["password"] == "", text
        if is_target(text):
            assert target, text
            assert (target["hostname"].removesuffix("."), target["port"]) == ("lms.example", ""), text


def is_target(text: str) -> bool:
    """Tell whether a launch may open this address."""
    request: Any = RequestFactory().get("/", headers={"host": "localhost"})
    try:
        targets.parse(text, request)
    except TargetInvalid:
        return False
    return True
