"""Leaves the session's cookie alone in answers to scripts of our pages.

Such a page asks again and again. If its session has ended, Django tells the browser to delete the session's cookie. An
answer that comes after somebody has signed in, in another window, would delete the cookie of the new session.
"""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from lti_1p3_provider.conf import conf

OURS = "lti_1p3_provider"  # in the name of each view of ours, those in the admin too


def without_session(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Return the response; without the session's cookie if a script asked a view of ours. (Fetch Metadata,
    ``Sec-Fetch-Dest``)"""
    asked = request.resolver_match.view_name if request.resolver_match else ""
    if OURS in asked and request.headers.get("Sec-Fetch-Dest") == "empty":
        response.cookies.pop(conf.session_cookie_name, None)
    return response
