"""What the doors of an invitation show."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.onboarding import invitations


def opened(request: HttpRequest, token: str, trail: Trail) -> HttpResponse:
    """Return the page of the invitation's address.

    Raises:
        InvitationUnknown, InvitationUsed, InvitationRevoked, InvitationExpired
    """
    invitations.require_open(invitations.find(token))
    return HttpResponse()
