"""Remembers in the browser that it was asked to prove an account, for logins that throw the session away on their way.

Logins with a second factor, or of a plugin, may have several pages and flush the session between two of them. Then this
cookie names what waits: a random name, under which the cache has it for as long as a launch waits. Whoever is signed in
counts only if they signed in after they were asked.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress

from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.launches.waiting_launch import LIFETIME
from lti_1p3_provider.lti import store

COOKIE = "lti_1p3_proof"
CLOCKS = 30.0  # seconds by which the clocks of two web servers may differ


def remember(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Note that the browser was asked now, for the waiting launch that ``token`` is. Without the cache only its session
    knows of it."""
    name = secrets.token_urlsafe(32)
    with suppress(StateStoreDown):
        store.put(_kept_as(name), {"token": token, "at": time.time()}, LIFETIME)
    _set(request, response, name, LIFETIME)


def token(request: HttpRequest) -> str | None:
    """Return what waits for the browser; None if nothing does, or whoever is signed in did not sign in for it."""
    name, kept = request.COOKIES.get(_cookie(request), ""), None
    with suppress(StateStoreDown):
        kept = store.get(_kept_as(name)) if name else None
    if kept is None:
        return None
    if request.user.is_authenticated:
        last = request.user.last_login
        if last is None or last.timestamp() < kept["at"] - CLOCKS:
            return None
    return str(kept["token"])


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """The proof was made."""
    if name := request.COOKIES.get(_cookie(request), ""):
        with suppress(StateStoreDown):
            store.drop(_kept_as(name))
        _set(request, response, "", 0)


def _set(request: HttpRequest, response: HttpResponse, value: str, seconds: int) -> None:
    secure = _is_secure(request)
    response.set_cookie(
        _cookie(request),
        value,
        max_age=seconds,
        expires=None if seconds else "Thu, 01 Jan 1970 00:00:00 GMT",
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",  # it comes along when a provider of single sign-on leads back
    )


def _cookie(request: HttpRequest) -> str:
    """With the prefix, browsers take the cookie from no page of a neighbouring host."""
    return f"__Host-{COOKIE}" if _is_secure(request) else COOKIE


def _is_secure(request: HttpRequest) -> bool:
    return request.is_secure() or conf.uses_https


def _kept_as(name: str) -> str:
    return f"lti1p3:proof:{digest(name)}"
