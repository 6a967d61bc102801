"""What the doors of an invitation show. Nothing in a request is trusted but what we encrypted ourselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import InvitationUsed, RegistrationAnswerLost, RegistrationFormOver
from lti_1p3_provider.lti.platform_configuration import require_address
from lti_1p3_provider.onboarding import connecting, invitations, pages, reading
from lti_1p3_provider.onboarding.connecting import Connection
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.web.addresses import origin
from lti_1p3_provider.web.sealed import seal, unseal

READ, SEND = "read a configuration", "send a registration"  # what a form is sealed for
LIFE = 3600  # seconds for which a form is good
UNDER_WAY = timedelta(minutes=1)  # after that, an answer will not come any more


def opened(request: HttpRequest, token: str, trail: Trail) -> HttpResponse:
    """Return the page of the invitation's address: what to do with it, or, if a platform opened it, how to go on.

    The platform is not asked anything: a program that prefetches the page would use up an address that works only once.

    Raises:
        InvitationUnknown, InvitationUsed, InvitationRevoked, InvitationExpired, RegistrationAddressInvalid
    """
    invitation = invitations.find(token)
    url, secret = request.GET.get("openid_configuration", ""), request.GET.get("registration_token", "")
    if not url:
        invitations.require_open(invitation)
        return pages.entered_there(request, invitation, invitations.address(token))
    trail.target = origin(url)
    require_address(url, secret)
    if reading.before(invitation, url, secret) is None:
        invitations.require_open(invitation)
    return pages.opening(request, seal(READ, {"invitation": invitation.pk, "url": url, "token": secret}))


def read(request: HttpRequest, trail: Trail) -> HttpResponse:
    """Read the platform's configuration, and return the page that says what it is and what we ask for.

    Raises:
        RegistrationFormOver, InvitationUsed, InvitationRevoked, InvitationExpired
        LtiError: whatever ``reading.opened`` and ``connecting.connection`` raise.
    """
    said = _unsealed(request, READ)
    trail.target = origin(said["url"])
    invitation = Invitation.objects.filter(pk=said["invitation"]).first()
    if invitation is None:
        raise RegistrationFormOver("the invitation was deleted")
    row = reading.before(invitation, said["url"], said["token"])
    if row is None:
        invitations.require_open(invitation)
        row = reading.opened(invitation, said["url"], said["token"])
    trail.passed("configuration")
    this = connecting.connection(row)
    trail.passed("own addresses")
    sealed = seal(SEND, {"opened": row.pk, "token": said["token"]})
    return _after(request, this, sealed) or pages.confirm(request, this, sealed)


def send(request: HttpRequest, trail: Trail) -> HttpResponse:
    """Ask the platform to register us, and return the page that says what came of it.

    Raises:
        RegistrationFormOver, InvitationUsed, InvitationRevoked, InvitationExpired
        LtiError: whatever ``connecting`` raises before anything is sent.
    """
    said = _unsealed(request, SEND)
    this = connecting.connection(reading.find(said["opened"]))
    trail.target = this.host
    trail.passed("configuration")
    if (answer := _after(request, this, request.POST["form"])) is not None:
        return answer  # pressed twice, or loaded again
    try:
        connecting.connect(this, said["token"], trail)
    except InvitationUsed:  # pressed twice in the same moment
        if (answer := _after(request, this, request.POST["form"])) is not None:
            return answer
        raise
    except connecting.SENT as error:
        support_code = record.refusal(trail, error)
        connecting.failed(this, error, support_code)
        return pages.refused(request, this, error, support_code)
    trail.note = f"invitation {this.invitation.pk}"
    record.success(trail)
    return pages.done(request, this)


def _after(request: HttpRequest, this: Connection, sealed: str) -> HttpResponse | None:
    """Return the page that says what became of an invitation that was used with this platform; None if it is still
    open.

    Raises:
        InvitationUsed, InvitationRevoked, InvitationExpired
    """
    invitation = this.invitation
    if this.was_used_here and invitation.registration is not None:
        return pages.done(request, this)
    if this.was_used_here and invitation.status == Invitation.Status.UNKNOWN:
        is_over = invitation.outcome or invitation.sent_at is None or invitation.sent_at < timezone.now() - UNDER_WAY
        if not is_over:
            return pages.under_way(request, this, sealed)
        return pages.refused(request, this, RegistrationAnswerLost(), invitation.support_code)
    invitations.require_open(invitation)
    return None


def _unsealed(request: HttpRequest, purpose: str) -> dict[str, Any]:
    try:
        return unseal(purpose, request.POST.get("form", ""), LIFE)
    except ValueError as error:
        raise RegistrationFormOver(str(error)) from error
