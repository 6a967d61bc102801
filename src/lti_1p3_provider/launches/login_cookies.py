"""The cookie that ties a login to its browser. Each login has its own, which is deleted after the launch.

A frame on another site needs ``SameSite=None``, which browsers accept only over https. Where cookies of other sites are
blocked it also needs ``Partitioned``: the browser then keeps the cookie for this platform's pages alone. (CHIPS)
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.conf import conf
from lti_1p3_provider.launches.partitioned import partition
from lti_1p3_provider.lti.state import COOKIE_PREFIX, LIFETIME, LoginState
from lti_1p3_provider.web.own_addresses import address

OURS = re.compile(rf"{COOKIE_PREFIX}[0-9a-f]{{16}}")  # a page on a neighbouring host may set others
MAX_LOGINS = 20  # that one browser may have under way, so that cookies cannot fill its request headers


def remember(request: HttpRequest, response: HttpResponse, state: LoginState) -> None:
    """Give the browser the cookie that it must show at launch."""
    waiting = [name for name in request.COOKIES if OURS.fullmatch(name)]
    for name in waiting[: max(0, len(waiting) - MAX_LOGINS)]:
        forget(request, response, name)
    _set(request, response, state.cookie_name, state.proof, LIFETIME)


def forget(request: HttpRequest, response: HttpResponse, name: str) -> None:
    """Delete the cookie. A browser does that only with the attributes with which the cookie was set."""
    _set(request, response, name, "", 0)


def _set(request: HttpRequest, response: HttpResponse, name: str, value: str, seconds: int) -> None:
    secure = request.is_secure() or conf.uses_https
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        expires=None if seconds else "Thu, 01 Jan 1970 00:00:00 GMT",
        path=address("lti_1p3_provider:launch").removesuffix("launch/"),  # the rest of the LMS does not see it
        secure=secure,
        httponly=True,
        samesite="None" if secure else "Lax",
    )
    if secure:
        partition(response, name)
