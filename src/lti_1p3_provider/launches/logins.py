"""The login, where a platform begins, and a shortcut for it before the LMS's middleware. See docs/decisions/0023.

A login needs no session, no account and no page: it reads one registration and sends the browser back to the platform.
What the LMS's middleware does for each request takes five times as long as that. So our middleware, in front of it,
answers the logins that succeed. All others go on to the view, which explains what is wrong, in the person's language.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch
from django.utils.cache import add_never_cache_headers

from lti_1p3_provider.conf import conf
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.launches import browser_check, limits, login_cookies, targets
from lti_1p3_provider.lti import login
from lti_1p3_provider.web import same_origin
from lti_1p3_provider.web.framing import frame_for
from lti_1p3_provider.web.own_addresses import address

NAME = "login"  # of the door, in the record
UTF_8 = ("", "utf-8")


class AnswerLogins:
    """Middleware. It comes before the LMS's, after ``limits`` and ``partitioned``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Send the browser to the platform, or leave the request to the view."""
        return _early(request) or self.get_response(request)


def begun(request: HttpRequest, trail: Trail) -> login.Login:
    """Read a login request.

    Raises:
        LtiError: no login can begin with it.
    """
    parameters = (request.POST if request.method == "POST" else request.GET).dict()
    return login.begin(parameters, f"{same_origin.base_url(request)}{address(targets.LAUNCH)}", trail)


def to_platform(request: HttpRequest, begun: login.Login) -> HttpResponse:
    """Send the browser to the platform, with a cookie that it must show at the launch.

    Raises:
        LtiError: the platform's hints are too long.
    """
    asked = begun.authentication_request()
    response = HttpResponseRedirect(asked.url)
    login_cookies.remember(request, response, asked.state)
    return frame_for(response, begun.registration)


def _early(request: HttpRequest) -> HttpResponse | None:
    if not (_is_login(request) and conf.enabled and conf.early_logins):
        return None
    if limits.problem(request) or browser_check.is_needed(request):
        return None
    if (request.encoding or "").lower() not in UTF_8:
        return None
    try:
        response = to_platform(request, begun(request, Trail(NAME)))
    except Exception:  # whatever it is, the view meets it too: it records it and says what to do
        return None
    add_never_cache_headers(response)
    return response


def _is_login(request: HttpRequest) -> bool:
    if request.method not in ("GET", "POST") or not request.path.rstrip("/").endswith("/login"):
        return False  # all requests of the LMS come by: most are not worth a look at the addresses
    try:
        return request.path.rstrip("/") == address(browser_check.LOGIN).rstrip("/")
    except NoReverseMatch:
        return False
