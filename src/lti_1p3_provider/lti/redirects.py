"""Follows a redirect on a platform's own host: some platforms add a slash to the addresses that they gave us. Accepts
any media type from a platform that refuses the specification's.

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
    platform has nothing of the media type that the request names, ask once more for any: we look at what comes."""
    answer: Answer = yield request
    if answer.status == NOT_ACCEPTABLE and request.headers.get("Accept", ANY) != ANY:
        request = replace(request, headers={**request.headers, "Accept": ANY})
        answer = yield request
    place = resolved(request.url, answer.header("location"))
    if (
        request.method == "GET"
        and answer.status in REDIRECTS
        and place not in ("", request.url)
        and origin(place) == origin(request.url)
    ):
        answer = yield replace(request, url=place)
    return answer
