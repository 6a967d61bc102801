"""One visit: a fresh browser goes through login and launch of one side, inside this process.

The requests go straight into Django's WSGI handler with all middleware; no network is between browser and tool. The
clock runs only while the handler works: making requests and signing the token is the platform's and browser's part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from bench import tokens
from bench.tokens import Minter, Visitor

FORM = "application/x-www-form-urlencoded"


class VisitFailed(Exception):
    """A side did not do what it should; no number would mean anything."""


@dataclass(frozen=True)
class Side:
    """Which of the two is asked."""

    name: str
    login: str
    launch: str


OURS = Side("ours", "/lti/1p3/login/", "/lti/1p3/launch/")
STOCK = Side("stock", "/stock/login/", "/stock/launch/")


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds of the clock that was given."""

    status: str
    location: str
    cookies: dict[str, str]
    body: bytes
    seconds: float


class Browsers:
    """Makes visits. Handler and ``minter`` are made once; ``clock`` counts seconds."""

    def __init__(self, minter: Minter, clock: Callable[[], float] = time.perf_counter) -> None:
        self._minter = minter
        self.clock = clock
        self._handler: Callable[..., Any] = WSGIHandler()
        self._requests = RequestFactory(HTTP_HOST=urlsplit(tokens.LMS).netloc)

    def visit(self, side: Side, visitor: Visitor) -> float:
        """Log in and launch with a browser that has no cookies; return the seconds that the tool took for both.

        Raises:
            VisitFailed
        """
        asked = self.login(side, visitor)
        return asked.seconds + self.launch(side, visitor, asked).seconds

    def login(self, side: Side, visitor: Visitor) -> Answer:
        """Send the login request, with a browser that has no cookies.

        Raises:
            VisitFailed
        """
        query = {
            "iss": tokens.ISSUER,
            "login_hint": visitor.sub,
            "target_link_uri": visitor.link.target,
            "lti_message_hint": visitor.link.name,
            "client_id": visitor.client_id,
            "lti_deployment_id": tokens.DEPLOYMENT,
        }
        asked = self.get(side.login, query=query)
        if not asked.location.startswith(f"{tokens.ISSUER}/auth?"):
            raise VisitFailed(f"{side.name}, login: {asked.status} {asked.location} {asked.body[:2000]!r}")
        return asked

    def launch(self, side: Side, visitor: Visitor, asked: Answer) -> Answer:
        """Post the platform's form, with the cookies of the login.

        Raises:
            VisitFailed
        """
        given = dict(parse_qsl(urlsplit(asked.location).query))
        token = self._minter.id_token(visitor, given["nonce"])
        entered = self.post(side.launch, {"id_token": token, "state": given["state"]}, asked.cookies)
        is_there = visitor.link.target.endswith(entered.location or "?")
        if not (is_there and settings.SESSION_COOKIE_NAME in entered.cookies):
            raise VisitFailed(f"{side.name}, launch: {entered.status} {entered.location} {entered.body[:2000]!r}")
        return entered

    def get(
        self, path: str, cookies: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask for a page."""
        return self._answer(self._requests.get(path, query, secure=True, headers=_cookie(cookies)).environ)

    def post(
        self, path: str, form: Mapping[str, str], cookies: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post a form."""
        given = {**_cookie(cookies), **(headers or {})}
        request = self._requests.post(path, urlencode(form), content_type=FORM, secure=True, headers=given)
        return self._answer(request.environ)

    def _answer(self, environ: dict[str, object]) -> Answer:
        head: list[Any] = []
        started = self.clock()
        response = self._handler(environ, lambda status, headers, exc_info=None: head.extend((status, headers)))
        body = b"".join(response)
        response.close()
        seconds = self.clock() - started
        status, headers = head
        given = [value.partition(";")[0].partition("=") for name, value in headers if name.lower() == "set-cookie"]
        location = next((value for name, value in headers if name.lower() == "location"), "")
        return Answer(str(status), location, {name.strip(): value for name, _, value in given}, body, seconds)


def _cookie(cookies: Mapping[str, str] | None) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
