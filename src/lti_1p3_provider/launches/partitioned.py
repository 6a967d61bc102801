"""Cookies that a browser keeps for one platform's pages alone, where it blocks those of other sites. (CHIPS)"""

from __future__ import annotations

from collections.abc import Callable, Container
from http.cookies import Morsel

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from lti_1p3_provider.launches import interrupted, late_answers

MARK = "lti_1p3_partitioned"  # in the session: it lives in a frame where only partitioned cookies work


class PartitionedMorsel(Morsel[str]):
    """A cookie with the attribute ``Partitioned``, which older Pythons do not know."""

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        """Return the cookie with ``Partitioned`` at its end."""
        return f"{super().OutputString(attrs)}; Partitioned"


def partition(response: HttpResponseBase, name: str) -> None:
    """Add the attribute to a cookie that the response sets."""
    plain = response.cookies[name]
    partitioned = PartitionedMorsel()
    partitioned.set(name, plain.value, plain.coded_value)
    partitioned.update(plain)
    dict.__setitem__(response.cookies, name, partitioned)


def keep(request: HttpRequest) -> None:
    """Note that the session is in a partition, just before it ends: the cookies that delete it must say so, too."""
    if request.session.get(MARK):
        setattr(request, MARK, True)


def _lives_in_a_partition(request: HttpRequest) -> bool:
    session = getattr(request, "session", None)
    return getattr(request, MARK, False) or (session is not None and bool(session.get(MARK)))


class PartitionCookies:
    """Middleware. It comes before all others, so that it sees all their cookies, and those of their errors. Only those
    of sessions that a launch marked are partitioned."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Partition what is meant for frames on other sites: session, CSRF and the LMS's login cookies."""
        response = late_answers.without_session(request, interrupted.readable(request, self.get_response(request)))
        meant = [name for name, one in response.cookies.items() if one["samesite"] == "None" and one["secure"]]
        if meant and _lives_in_a_partition(request):
            for name in meant:
                partition(response, name)
        return response
