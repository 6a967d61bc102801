"""A readable page in case a session was ended while one of our doors was answering.

Django saves the session after the door has answered. If the session is gone, Django replaces the answer with a bare
400.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from lti_1p3_provider.diagnostics.refuse import refuse
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import SessionEnded

NOTE = "_lti_1p3_answered"  # on the request


def note(request: HttpRequest, response: HttpResponseBase, trail: Trail) -> None:
    """Remember what a door answered."""
    setattr(request, NOTE, (response, trail))


def readable(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return a refusal in place of Django's 400, if that replaced a door's answer; anything else unchanged."""
    answered: tuple[HttpResponseBase, Trail] | None = getattr(request, NOTE, None)
    if answered is None or response is answered[0] or response.status_code != 400 or not _is_gone(request):
        return response
    return refuse(request, SessionEnded("the session was ended by another request"), answered[1])


def _is_gone(request: HttpRequest) -> bool:
    key = request.session.session_key
    return key is None or not request.session.exists(key)
