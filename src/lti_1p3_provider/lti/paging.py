"""Reads a platform's lists, which come in pages: each names the next in a ``Link`` header. (AGS 2.0, 3.2.4; RFC 8288)

The header is read as leniently as it is written: Moodle puts ``&amp;`` into addresses and curly quotes around ``next``.
Addresses are used letter by letter.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urljoin

from lti_1p3_provider.errors import AnswerUnreadable, PlatformUnreachable, ServiceRefused
from lti_1p3_provider.lti import ags
from lti_1p3_provider.lti.exchange import Exchange, Request
from lti_1p3_provider.lti.strict_json import parse_objects
from lti_1p3_provider.registrations.models import Deployment

MOST_PAGES = 100
MOST_ENTRIES = 50_000
PATIENCE = 60.0  # seconds for all pages: whoever asks may hold a lease
LINK = re.compile(r"<([^<>]*)>([^<]*)")
RELATION = re.compile(r"""\brel\s*=\s*["'“”]?([^"'“”;,]*)""", re.IGNORECASE)

Entry = dict[str, Any]


def entries(
    deployment: Deployment,
    scopes: Iterable[str],
    url: str,
    media_type: str,
    enough: Callable[[Sequence[Entry]], bool] = lambda page: False,
) -> Exchange[list[Entry]]:
    """Read all pages of the list at ``url``; stop after a page of which ``enough`` is true.

    Raises:
        AddressForbidden: the list, or a page of it, is not on the platform's own hosts.
        ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey, KeyInvalid
    """
    found: list[Entry] = []
    seen, patience, scopes = {url}, time.monotonic() + PATIENCE, frozenset(scopes)
    while True:
        answer = yield from ags.call(deployment, scopes, Request("GET", url, {"Accept": media_type}))
        if not answer.ok:
            raise ServiceRefused("reading a list", answer.status, answer.headers)
        try:
            page = parse_objects(answer.body)
        except ValueError as error:
            raise AnswerUnreadable(f"a list: {error}") from error
        found += page
        following = next_page(url, answer.headers.get("link", ""))
        if not following or enough(page):
            return found
        if following in seen or len(seen) >= MOST_PAGES or len(found) >= MOST_ENTRIES:
            raise AnswerUnreadable(f"a list goes in a circle, or has more than {MOST_PAGES} pages")
        if time.monotonic() > patience:
            raise PlatformUnreachable(f"a list took longer than {PATIENCE:g} s")
        seen.add(following)
        url = following


def next_page(url: str, header: str) -> str:
    """Return the address of the page after ``url``, empty if there is none. ``header``: its ``Link`` header."""
    for link in LINK.finditer(_as_text(header)):
        relation = RELATION.search(link[2])
        if relation and "next" in relation[1].lower().split():
            address: str = link[1].strip().replace("&amp;", "&")
            return urljoin(url, address)
    return ""


def _as_text(header: str) -> str:
    """HTTP libraries read headers as Latin-1, also those that are UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header
