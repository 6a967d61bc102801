"""Follows a redirect on a platform's own host: some platforms add a slash to the addresses that they gave us.

Nothing else is followed: a redirect to another host would send it our data, and could lead us anywhere.
"""

from __future__ import annotations

from dataclasses import replace

from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.web.addresses import origin, resolved

REDIRECTS = frozenset((301, 302, 303, 307, 308))


def followed(request: Request) -> Exchange[Answer]:
    """Make a request. If a GET is redirected to another address of the same origin, make it there, once."""
    answer: Answer = yield request
    place = resolved(request.url, answer.header("location"))
    if (
        request.method == "GET"
        and answer.status in REDIRECTS
        and place not in ("", request.url)
        and origin(place) == origin(request.url)
    ):
        answer = yield replace(request, url=place)
    return answer
