"""The doors of an invitation: a platform's administrator registers this site there, in a frame or tab of the platform.

What one of our pages carries to the next is encrypted, and proves what a CSRF token would, without a cookie. Only the
first address holds secrets, the platform's and ours; the later ones hold none.
"""

from __future__ import annotations

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_resolver
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.errors import RegistrationFormOver
from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.onboarding import views

log = logging.getLogger(__name__)


@method_decorator(csrf_exempt, name="dispatch")
class InvitationView(DoorView):
    """The address that the administrator enters and the platform then opens. Opening it does not use it up."""

    name = "register"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and keep Django from logging the address of a refusal or a failure, because it holds the token."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except Exception as error:  # whatever it is, Django would log it with the address
            response = _failed(request, error)
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django's own mark
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show how to go on."""
        return views.opened(request, token, self.trail)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Explain; Django would log the address."""
        raise RegistrationFormOver(f"{request.method} on an address that is only opened")


def _failed(request: HttpRequest, error: Exception) -> HttpResponseBase:
    """Return the site's own error page for an exception. The log gets neither its message nor the address."""
    handler: Any = get_resolver().resolve_error_handler(404 if isinstance(error, Http404) else 500)
    if isinstance(error, Http404):
        return handler(request, exception=Http404())  # type: ignore[no-any-return]
    log.error("LTI register: %s", traced(error))
    return handler(request)  # type: ignore[no-any-return]


@method_decorator(csrf_exempt, name="dispatch")
class ReadView(DoorView):
    """The page that says which platform it is."""

    name = "register"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Explain: somebody opened or reloaded the address."""
        raise RegistrationFormOver("GET on an address that takes forms only")

    def post(self, request: HttpRequest) -> HttpResponse:
        """Read what the platform says of itself."""
        return views.read(request, self.trail)


class SendView(ReadView):
    """The button that registers."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask the platform to register us."""
        return views.send(request, self.trail)
