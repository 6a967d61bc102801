"""What the LMS's other front ends (the learning MFE) learn about who is signed in: cookies that outlive the session.

They are set for whole courses that open in a window, whose pages need them. A block's page needs none, and in a frame
no browser accepts them. Every launch deletes those of an earlier person.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from lti_1p3_provider import host
from lti_1p3_provider.launches import browser_check, scope, sessions
from lti_1p3_provider.launches.targets import Target
from lti_1p3_provider.users.sign_in import only_launches_sign_in


def tell(request: HttpRequest, response: HttpResponse, user: AbstractUser, target: Target) -> None:
    """Add to a launch's answer the cookies that the target's pages need. A confined session of an account with an owner
    gets none: its tokens outlive the session, and could not be told from the owner's."""
    if target.is_course and not browser_check.in_frame(request) and may_tell(request, user):
        host.current().identity.add_login_cookies(request, response, user)
    else:
        tell_nothing(response)


def may_tell(request: HttpRequest, user: AbstractUser) -> bool:
    """Tell whether a session that a launch made may have tokens of the account."""
    launched_from = tuple(request.session.get(sessions.MARK, ()))
    return only_launches_sign_in(user) or not scope.confining(scope.registrations.get(launched_from))


def tell_nothing(response: HttpResponseBase) -> None:
    """Delete these cookies, whoever they are about."""
    host.current().identity.drop_login_cookies(response)


def hear_nothing(request: HttpRequest) -> None:
    """Remove the same cookies from a request: parts of the LMS trust them even after the session has ended."""
    gone = HttpResponse()
    tell_nothing(gone)
    for name in gone.cookies:
        request.COOKIES.pop(name, None)


def to_login(request: HttpRequest, back: str, **kept: str) -> HttpResponse:
    """Sign out whoever is here, and send them to the site's login, which leads to ``back``. ``kept``: what the new
    anonymous session remembers until then."""
    hear_nothing(request)
    host.current().identity.sign_out(request)
    request.session.flush()
    request.session.update(kept)
    response = HttpResponseRedirect(host.current().proof.login_address(back))
    tell_nothing(response)
    return response
