"""Reads a platform's lists, which come in pages: each names the next in a ``Link`` header. (AGS 2.0, 3.2.4; RFC 8288)

The header is read as leniently as it is written: Moodle puts ``&amp;`` into addresses and curly quotes around ``next``.
Addresses are used letter by letter.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lti_1p3_provider.database.quoting import quoted_address
from lti_1p3_provider.errors import AnswerUnreadable, PlatformUnreachable, ServiceRefused
from lti_1p3_provider.lti import ags
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.lti.strict_json import parse_objects
from lti_1p3_provider.registrations.addresses import resolved
from lti_1p3_provider.registrations.models import Deployment

EMPTY = frozenset((204, 205))  # a list with nothing in it
UNFILTERED = frozenset((400, 404))  # what some platforms answer to filters
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
    query: Mapping[str, str] | None = None,
    needed: str = "",
) -> Exchange[list[Entry]]:
    """Read all pages of the list at ``url``; stop after a page of which ``enough`` is true.

    ``query`` has filters and a limit, without which a platform is asked once more that does not know them. ``needed``
    is the scope for which it is asked alone if it does not grant all of ``scopes``.

    Raises:
        AddressForbidden: the list, or a page of it, is not on the platform's own hosts.
        ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey, KeyInvalid
    """
    found: list[Entry] = []
    place = ags.with_query(url, query or {})
    seen, patience, scopes = {place}, time.monotonic() + PATIENCE, frozenset(scopes)
    while True:
        answer = yield from ags.call(deployment, scopes, Request("GET", place, {"Accept": media_type}), needed)
        if answer.status in UNFILTERED and query and len(seen) == 1:
            place = url
            seen.add(place)
            answer = yield from ags.call(deployment, scopes, Request("GET", place, {"Accept": media_type}), needed)
        page = _page(answer)
        found += page
        following = next_page(answer.url or place, answer.header("link"))
        if not following or enough(page):
            return found
        if following in seen or len(seen) >= MOST_PAGES or len(found) >= MOST_ENTRIES:
            raise AnswerUnreadable(f"a list goes in a circle, or has more than {MOST_PAGES} pages")
        if time.monotonic() > patience:
            raise PlatformUnreachable(f"a list took longer than {PATIENCE:g} s")
        seen.add(following)
        place = following


def _page(answer: Answer) -> list[Entry]:
    if not answer.ok:
        raise ServiceRefused("reading a list", answer.status, answer.headers)
    if answer.status in EMPTY and not answer.content().strip():
        return []
    try:
        return parse_objects(answer.content())
    except ValueError as error:
        raise AnswerUnreadable(f"a list: {error}") from error


def next_page(url: str, header: str) -> str:
    """Return the address of the page after ``url``, empty if there is none. ``header``: its ``Link`` header.

    Raises:
        AnswerUnreadable: there is one, whose address cannot be read.
    """
    for link in LINK.finditer(_as_text(header)):
        relation = RELATION.search(link[2])
        if relation and "next" in relation[1].lower().split():
            address: str = link[1].strip().replace("&amp;", "&")
            if not (found := resolved(url, address)):
                raise AnswerUnreadable(f"a list whose next page has the address {quoted_address(address)}")
            return found
    return ""


def _as_text(header: str) -> str:
    """HTTP libraries read headers as Latin-1, also those that are UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header
