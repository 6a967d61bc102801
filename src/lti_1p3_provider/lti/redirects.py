"""Follows a platform that has moved a page on its own host: some add a slash to the addresses that they gave us; and
takes another media type from one that has the one we name for what is sent to it only.

Nothing else is followed: a redirect to another host would take what we send along, and lead us anywhere.
"""

from __future__ import annotations

from dataclasses import replace

from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.web.addresses import origin, resolved

REDIRECTS = frozenset((301, 302, 303, 307, 308))
NOT_ACCEPTABLE = 406
ANY = "*/*"


def followed(request: Request) -> Exchange[Answer]:
    """Make a request; if it is a GET that is answered with another address on the same origin, make it there, once.
    Where nothing of the media type that it names is to be had, ask for any: we look at what comes."""
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
