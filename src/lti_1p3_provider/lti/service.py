"""The one way to call a platform's services. The module of each service knows only what that service says.

Lists come in pages, each of which names the next in a ``Link`` header (AGS 2.0, 3.2.4; NRPS 2.0, 2.4.2; RFC 8288). The
header is read leniently: Moodle puts ``&amp;`` into addresses and curly quotes around ``next``. Addresses are used
exactly as the platform wrote them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from lti_1p3_provider.database.quoting import quoted_address
from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, PlatformUnreachable, ServiceRefused
from lti_1p3_provider.lti import access_tokens
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.lti.redirects import NOT_ACCEPTABLE, followed, in_any_type
from lti_1p3_provider.lti.strict_json import parse_objects
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.web.addresses import is_within, origin, resolved

NO_CONTENT = frozenset((204, 205))  # of a list with nothing in it
UNFILTERED = frozenset((400, 404, 405, 414, 422, 501))  # what some platforms answer to filters
MAX_PAGES = 100
MAX_ENTRIES = 50_000
LONG_PAGE = 4 * 1024 * 1024  # bytes: some platforms have a whole course on one page
PATIENCE = 60.0  # seconds for all pages: whoever asks may hold a lease
LINK = re.compile(r"<([^<>]*)>([^<]*)")
RELATION = re.compile(r"""\brel\s*=\s*["'“”]?([^"'“”;,]*)""", re.IGNORECASE)

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a list may cost: the number of pages and entries, the seconds for all pages, and the bytes of each page
    (``body``; None: as many as any answer)."""

    pages: int = MAX_PAGES
    entries: int = MAX_ENTRIES
    seconds: float = PATIENCE
    body: int | None = None

    def require(self, goes_on: bool, entries: int, until: float) -> None:
        """Return if one more page may be read. ``goes_on``: the page was not read yet, and is not one too many.

        Raises:
            AnswerUnreadable, PlatformUnreachable
        """
        if not goes_on or entries >= self.entries:
            raise AnswerUnreadable(f"a list goes in a circle, or has more than {self.pages} pages")
        if time.monotonic() > until:
            raise PlatformUnreachable(f"a list took longer than {self.seconds:g} s")


def call(deployment: Deployment, scopes: Iterable[str], request: Request, needed: str) -> Exchange[Answer]:
    """Make one request with an access token for the scopes. The answer may have any status.

    If the status means that the access token ended early, one more try is made with a new token. ``scopes``: all that
    the service has for us, so that its calls share a token. ``needed``: the scope to ask for alone if the platform does
    not grant all. A GET follows a redirect on the same origin.

    Raises:
        AddressForbidden: the address is not on the platform's own hosts, so it gets no token.
        AccessTokenRefused, PlatformUnreachable, AnswerUnreadable, NoActiveKey, KeyInvalid
    """
    if not is_within(request.url, deployment.registration.origins):
        raise AddressForbidden(foreign(request.url))
    wanted = frozenset(scopes)
    token = yield from access_tokens.obtain_for(deployment, wanted, needed)
    answer: Answer = yield from followed(_with(token, request))
    if answer.status in preset(deployment.registration.platform).expired_statuses:
        token = yield from access_tokens.obtain_for(deployment, wanted, needed, refused=token)
        answer = yield from followed(_with(token, request))
    return answer


def call_for_status(deployment: Deployment, scopes: Iterable[str], request: Request, needed: str) -> Exchange[Answer]:
    """Make a request of whose answer only the status counts, and which does no harm twice, such as a score's. If the
    platform cannot answer in the media type that it names, it is made once more for any. Raises as ``call``."""
    answer: Answer = yield from call(deployment, scopes, request, needed)
    if answer.status == NOT_ACCEPTABLE:
        answer = yield from call(deployment, scopes, in_any_type(request), needed)
    return answer


def foreign(url: str) -> str:
    """Return the error that an address is not the platform's."""
    if not (there := origin(url)):
        return f"{quoted_address(url)} is no web address"
    return f"{there} is not a host of this platform: add it to its other hosts. The address is {quoted_address(url)}"


def entries(
    deployment: Deployment,
    scopes: Iterable[str],
    url: str,
    media_type: str,
    needed: str,
    *,
    enough: Callable[[Sequence[Entry]], bool] = lambda page: False,
    query: Mapping[str, str] | None = None,
    read: Callable[[Answer], list[Entry]] | None = None,
    bounds: Bounds | None = None,
) -> Exchange[list[Entry]]:
    """Read all pages of the list at ``url``; stop after a page for which ``enough`` is true.

    ``query``: filters and a limit. A platform that does not know them is asked once more without them. ``needed``: the
    scope to ask for alone if the platform does not grant all of ``scopes``. ``read``: finds the entries of a page that
    is not a plain list.

    Raises:
        AddressForbidden: the list, or a page of it, is not on the platform's own hosts.
        ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey, KeyInvalid
    """
    found: list[Entry] = []
    place, bounds = with_query(url, query or {}), bounds or Bounds()
    seen, patience, scopes = {place}, time.monotonic() + bounds.seconds, frozenset(scopes)
    while True:
        request = Request("GET", place, {"Accept": media_type}, most=bounds.body)
        answer = yield from call(deployment, scopes, request, needed)
        if answer.status in UNFILTERED and query and len(seen) == 1:
            place = url
            seen.add(place)
            answer = yield from call(deployment, scopes, replace(request, url=place), needed)
        page = _page(answer, read or listed)
        found += page
        following = next_page(answer.url or place, answer.header("link"))
        if not following or enough(page):
            return found
        bounds.require(following not in seen and len(seen) < bounds.pages, len(found), patience)
        seen.add(following)
        place = following


def _page(answer: Answer, read: Callable[[Answer], list[Entry]]) -> list[Entry]:
    if not answer.ok:
        raise ServiceRefused("reading a list", answer.status, answer.headers)
    try:
        return read(answer)
    except ValueError as error:
        raise AnswerUnreadable(f"a list: {error}") from error


def listed(answer: Answer) -> list[Entry]:
    """Return the entries of a page that is a plain list. An empty answer is one only if its status says so: else a page
    that broke on its way would say that a course has nothing.

    Raises:
        ValueError: it is none.
        LtiError: why it is not there.
    """
    text = answer.text()
    return [] if answer.status in NO_CONTENT and not text.strip() else parse_objects(text)


def next_page(url: str, header: str) -> str:
    """Return the address of the page after ``url``, empty if there is none. ``header``: the page's ``Link`` header.

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
    """Return a header as UTF-8, if it is that: HTTP libraries read headers as Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


def below(url: str, name: str) -> str:
    """Return the address of something below another address: the name ends the path, before any query."""
    parts = _parts(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}", fragment="").geturl()


def with_query(url: str, values: Mapping[str, str]) -> str:
    """Return the address with more query parameters. Those that it has stay as they are."""
    parts = _parts(url)
    added = urlencode({name: value for name, value in values.items() if value})
    return parts._replace(query="&".join(filter(None, (parts.query, added))), fragment="").geturl()


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise AddressForbidden(f"{quoted_address(url)} is no address") from error


def _with(token: str, request: Request) -> Request:
    return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})
