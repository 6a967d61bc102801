"""Follows a redirect on a platform's own host: some platforms add a slash to the addresses that they gave us. Accepts
any media type from a platform that refuses the specification's. Both only for what is read: a platform may answer so
after it has done what it was asked to.

Nothing else is followed: a redirect to another host would send it our data, and could lead us anywhere.
"""

from __future__ import annotations

from dataclasses import replace

from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.web.addresses import origin, resolved

REDIRECTS = frozenset((301, 302, 303, 307, 308))
NOT_ACCEPTABLE = 406
ANY = "*/*"


def followed(request: Request) -> Exchange[Answer]:
    """Make a request. If a GET is redirected to another address of the same origin, make it there, once. If the
    platform has nothing of the media type that a GET names, ask once more for any: we look at what comes."""
    answer: Answer = yield request
    if request.method != "GET":
        return answer
    if answer.status == NOT_ACCEPTABLE and request.headers.get("Accept", ANY) != ANY:
        request = in_any_type(request)
        answer = yield request
    place = resolved(request.url, answer.header("location"))
    if answer.status in REDIRECTS and place not in ("", request.url) and origin(place) == origin(request.url):
        answer = yield replace(request, url=place)
    return answer


def in_any_type(request: Request) -> Request:
    """Return the same request, whose answer may have any media type."""
    return replace(request, headers={**request.headers, "Accept": ANY})
