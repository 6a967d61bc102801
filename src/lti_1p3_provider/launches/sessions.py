"""Ends a launched session when an operator switches off its registration or deployment, when its person is forgotten or
their account is switched off, and when a new launch has replaced it.

The LMS's own handlers accept answers from any signed-in session and know nothing of launches. So the session itself
must end, at its next request, wherever that goes.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.host.sessions import is_over, let_go
from lti_1p3_provider.launches import front_ends, partitioned
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.users.models import PlatformUser

MARK = "lti_1p3_deployments"  # in the session: the deployments that it was launched from


@prepared
def _open(deployments: list[int], user: int) -> QuerySet[Deployment, int]:
    """Those of the deployments that are on, and know the user, whose account is on."""
    person = {"user_id": user, "user__is_active": True}
    known = Exists(PlatformUser.objects.filter(registration_id=OuterRef("registration_id"), **person))
    return Deployment.objects.open().filter(known, pk__in=deployments).values_list("pk", flat=True)


def mark(request: HttpRequest, deployment: Deployment) -> None:
    """Note in the session from which deployment it was launched."""
    request.session[MARK] = sorted({*request.session.get(MARK, ()), deployment.pk})


def is_switched_off(session: SessionBase) -> bool:
    """Tell whether a deployment that the session was launched from is switched off or gone, or no longer has the
    session's person. One query."""
    launched_from = session.get(MARK)
    if not launched_from:
        return False
    user = session.get(SESSION_KEY)
    return user is None or len(_open(launched_from, int(user))) < len(launched_from)


class EndSwitchedOffSessions:
    """Middleware. It comes after those of sessions and authentication. Sessions that no launch began cost nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Sign the browser out first if its session is to end. Do not touch a session that another one has replaced."""
        if not conf.enabled or conf.session_cookie_name not in request.COOKIES or MARK not in request.session:
            return self.get_response(request)
        if not is_over(request.session) and not is_switched_off(request.session):
            response = self.get_response(request)
            let_go(request.session)
            return response
        partitioned.keep(request)
        front_ends.hear_nothing(request)
        host.current().identity.sign_out(request)
        response = self.get_response(request)
        front_ends.tell_nothing(response)
        return response
