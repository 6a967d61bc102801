"""SEC-05, SEC-29: addresses are compared as origins, however they are spelled; and nothing else is taken for one."""

from __future__ import annotations

import pytest

from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import (
    is_private_host,
    is_same,
    is_within,
    origin,
    problem_with,
    resolved,
    split_url,
    trimmed,
)
from tests.cases import every

HOME = "https://lms.school.example"
SPELLINGS = (
    "https://lms.school.example/x",
    "HTTPS://LMS.School.Example/x",
    "https://lms.school.example:443/x",
    "https://lms.school.example:0443/x",
    "https://lms.school.example:/x",
    "https://lms.school.example./x",
    "https://lms.school.example.:443/x",
)
STRANGERS = (
    "http://lms.school.example/x",
    "https://lms.school.example:80/x",
    "https://lms.school.example:8443/x",
    "https://school.example/x",
    "https://x.lms.school.example/x",
    "https://lms.school.example.evil.example/x",
    "https://evil.example/lms.school.example",
    "https://lms.school.example@evil.example/x",
    "https://user:secret@lms.school.example/x",
    "https://@lms.school.example/x",
    "https://lms.school.example../x",
    "https://lms.school.example:0/x",
    "https://lms.school.example:70000/x",
    "https://lms.school.example\\.evil.example/x",
    "//lms.school.example/x",
    "lms.school.example",
    "https://[::1/x",
    "",
)


@every("url", SPELLINGS)
def test_an_origin_has_one_spelling(url):
    assert origin(url) == HOME
    assert is_within(url, [HOME])
    assert is_within(HOME, [url.removesuffix("/x")])
    assert is_within(url, ["https://*.School.Example:443"])
    assert is_same(url, f"{HOME}/x")


@every("url", STRANGERS)
def test_what_lies_elsewhere_does_not_lie_here(url):
    assert not is_within(url, [HOME])
    assert not is_same(url, f"{HOME}/x")


@every(
    "url, spelled",
    [
        ("http://h.example:80/", "http://h.example"),
        ("http://h.example:443/", "http://h.example:443"),
        ("https://[::1]:443/", "https://[::1]"),
        ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("https://SCHÜLE.example/", "https://xn--schle-mva.example"),
        ("https://xn--SCHLE-mva.example:443/", "https://xn--schle-mva.example"),
        ("https://schu\u0308le.example/", "https://xn--schle-mva.example"),
        ("https://schüle\u3002example/", "https://xn--schle-mva.example"),
    ],
)
def test_origins_of_other_hosts(url, spelled):
    assert origin(url) == spelled
    assert is_within(url, [spelled])


@every(
    "sources, inside",
    [
        (["https://*.school.example"], True),
        (["https://*.school.example:443"], True),
        (["https://*.SCHOOL.example."], True),
        (["http://*.school.example"], False),
        (["https://*.school.example:8443"], False),
        (["https://*.lms.school.example"], False),
        (["https://*.chool.example"], False),
        (["*.school.example", "https://*", "https://", "", "x"], False),
    ],
)
def test_a_wildcard_is_any_host_below_it(sources, inside):
    assert is_within(f"{HOME}/x", sources) is inside


@pytest.mark.parametrize(
    ("named", "url", "allowed"),
    [
        ("intranet.example", "http://Intranet.Example:8000/", True),
        ("intranet.example", "http://intranet.example./", True),
        ("Intranet.example.", "http://intranet.example/", True),
        ("intranet.example:80", "http://intranet.example/", True),
        ("intranet.example:443", "https://intranet.example/", True),
        ("intranet.example:443", "http://intranet.example/", False),
        ("intranet.example:8000", "http://intranet.example/", False),
        ("schüle.example:8000", "http://xn--schle-mva.example:8000/", True),
        ("::1", "http://[::1]:8000/", True),
        ("[::1]", "http://[::1]:8000/", True),
        ("[::1]:8000", "http://[::1]:8000/", True),
        ("[::1]:8000", "http://[::1]/", False),
        ("intranet.example", "http://x.intranet.example/", False),
        ("", "http://intranet.example/", False),
    ],
)
def test_sec_05_a_private_host_is_compared_as_an_origin(settings, named, url, allowed):
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = [named]
    parts = split_url(url)
    assert parts is not None
    assert is_private_host(parts) is allowed
    assert (problem_with(url) is None) is (allowed or url.startswith("https"))


def test_the_platforms_hosts_stand_once_in_a_header():
    registration = Registration(
        issuer="https://LMS.example",
        auth_login_url="https://lms.example:443/auth",
        auth_token_url="https://lms.example./token",
        key_set_url="https://lms.example/jwks",
    )
    assert registration.origins == ("https://lms.example",)


@every(
    "address, full",
    [
        ("https://other.example/1", "https://other.example/1"),
        (" https://other.example/1\r\n", "https://other.example/1"),
        ("/items/1", "https://lms.example/items/1"),
        ("1", "https://lms.example/api/1"),
        ("?page=2", "https://lms.example/api/items?page=2"),
        ("//lms.example/1", "https://lms.example/1"),
        ("", "https://lms.example/api/items?a=b"),
        ("https://[::1/1", ""),
    ],
)
def test_an_address_of_an_answer_is_read_where_it_came_from(address, full):
    assert resolved("https://lms.example/api/items?a=b", address) == full


@every("host", ["[2001:db8::1]", "[2001:DB8:0:0:0:0:0:1]", "[2001:0db8::0001]:443"])
def test_an_ipv6_host_has_one_spelling(host):
    assert origin(f"https://{host}/x") == "https://[2001:db8::1]"
    assert is_within(f"https://{host}/x", ["https://[2001:db8:0::1]"])
    assert not is_within(f"https://{host}/x", ["https://[2001:db8::2]"])


@every("around", [" {}\n", "\ufeff{}", "{}\u200b", "\u00a0\u2060{}\u200e\u3000", "\t{}\u200b "])
def test_what_was_copied_together_with_an_address_is_none_of_it(around):
    assert trimmed(around.format(f"{HOME}/a b?c=\u200bd")) == f"{HOME}/a%20b?c=\u200bd"


@every("url", ["http://a b", "https://lms.example a/x", "//a b/c"])
def test_a_blank_in_a_host_stays_one(url):
    assert trimmed(f"{url}?d e") == f"{url}?d%20e"
