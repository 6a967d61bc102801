"""What our reading of an address says is what the HTTP client, and a browser, would connect to."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl, unquote

import requests
from hypothesis import example, given
from hypothesis import strategies as st

from lti_1p3_provider.web.addresses import is_within, origin, plain, problem_with, split_url
from tests.connection import CLAIM, COURSE, WELCOME
from tests.traces import refusal

from .budget import examples
from .launching import changed_launch, was_judged_rightly
from .urls import pieces, urls

SOURCES = ("https://lms.example", "https://*.school.example", "http://intranet:8080")
DEFAULT_PORTS = {"http": 80, "https": 443}


def connected_to(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port that we would connect to with requests; None if that would not."""
    from urllib3.util import parse_url

    try:
        prepared = requests.Request("GET", plain(url)).prepare().url
        parts = parse_url(str(prepared))
    except (requests.RequestException, ValueError):
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.host:
        return None
    return parts.scheme, parts.host, parts.port or DEFAULT_PORTS[parts.scheme]


@examples(1500)
@given(url=urls)
@example(url="https://lms.example\\@evil.example/")
@example(url="https://lms.example#@evil.example/")
@example(url="https://evil.example\u3002school.example/")
def test_sec_05_sec_29_what_lies_on_a_platforms_hosts_is_where_a_request_goes(url):
    if not is_within(url, SOURCES):
        return
    scheme, host, port = connected_to(url)
    host = host.lower().removesuffix(".")
    expected = {("https", "lms.example", 443), ("http", "intranet", 8080)}
    assert (scheme, host, port) in expected or (host.endswith(".school.example") and (scheme, port) == ("https", 443))


@examples(1500)
@given(url=urls)
def test_sec_05_an_address_that_may_be_called_is_plain_https(url):
    parts = split_url(url)
    if parts is None:
        assert origin(url) == ""
        assert problem_with(url)
        return
    assert re.match(r"https?://[^@/\\]+", url, re.I)
    assert not re.search(r"[\x00-\x20\x7f\\]", url)
    assert parts.username is parts.password is None
    usual = f"{parts.scheme}://{_in_ascii(str(parts.hostname)).lower().removesuffix('.')}"
    assert origin(url).replace("[", "").replace("]", "") in (usual, f"{usual}:{parts.port}")
    if problem_with(url) is None:
        named = {"127.0.0.1", "localhost", "::1"}  # what the tests' settings allow
        assert parts.scheme == "https" or parts.hostname in named
        there = connected_to(url)
        wanted = _in_ascii(unquote(str(parts.hostname))).removesuffix(".")
        assert there is None or unquote(there[1]).strip("[]").lower().removesuffix(".") == wanted


def _in_ascii(host: str) -> str:
    """Return the name as it is asked for: internationalized names in their ASCII form."""
    import idna

    try:
        return host if host.isascii() else idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


@examples(60)
@given(parts=pieces, ours=st.booleans(), plain=st.booleans())
@example(parts=("https:", "//", "evil.example", "", ""), ours=False, plain=True)
def test_sec_12_core_08_any_target_is_content_of_ours_or_refused(connection, parts, ours, plain):
    scheme, slashes, host, port, tail = parts
    if plain:
        scheme, slashes, tail = "http:", "//", tail if tail[:1] in "?#" else ""
    if ours:
        host, port = connection.lms.partition("://")[2], port if port != ":443" else ""
    target = f"{scheme}{slashes}{host}{port}/lti/1p3/launch/{COURSE}/{WELCOME}{tail}"
    sent = changed_launch(connection, claims=lambda claims: {**claims, f"{CLAIM}target_link_uri": target})
    assert was_judged_rightly(sent)
    if sent.was_let_in:
        assert sent.answer.headers["Location"] == f"/lti/1p3/launch/{COURSE}/{WELCOME}"


@examples(120)
@given(url=urls)
@example(url='https://p.example/?a="><script>alert(1)</script>')
@example(url="https://p.example/\u2028?x=%ff&x=&=y")
def test_core_12_sec_13_any_return_url_is_a_plain_way_back_or_none(gated, url):
    presentation = {f"{CLAIM}launch_presentation": {"return_url": url}}
    sent = changed_launch(gated, claims=lambda claims: {**claims, **presentation})
    assert refusal(sent.answer) in ("gate_closed", "claim_invalid")
    links = re.findall(r'href="([^"]*)"', sent.answer.text)
    assert len(links) <= 1
    assert "<script>alert" not in sent.answer.text
    for link in map(unescape, links):
        assert connected_to(link) == connected_to(url)
        assert re.match(r"https?://[^/?#\\@\s]+([/?]|$)", link, re.I)
        kept, added = _query(url), _query(link)
        assert added[: len(kept)] == kept
        assert [name for name, _ in added[len(kept) :]] == ["lti_errormsg", "lti_errorlog"]


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True)
