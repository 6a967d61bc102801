"""The doors of an invitation: a platform's administrator registers this site there, in a frame or tab of the platform.

What a page of ours carries on is sealed, and proves what a CSRF token would, without a cookie.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.launches.door import DoorView
from lti_1p3_provider.onboarding import views


class InvitationView(DoorView):
    """The address that the administrator enters, and the platform then opens. Opening it uses nothing up."""

    name = "register"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show the way on."""
        return views.opened(request, token, self.trail)
