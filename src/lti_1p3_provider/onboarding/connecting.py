"""The story of an invitation that is used: which platform asks, what it is asked for, and what is made of its answer.

The invitation is used up just before the request is sent. So two clicks at once send one request, and a request whose
answer was lost is never repeated. No transaction is open meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.diagnostics.trail import Trail
from lti_1p3_provider.errors import (
    BEGIN_AGAIN,
    LtiError,
    RegistrationAnswerLost,
    RegistrationNotTaken,
    RegistrationThere,
)
from lti_1p3_provider.lti import dynamic_registration
from lti_1p3_provider.lti.dynamic_registration import ToolDetails
from lti_1p3_provider.lti.platform_configuration import PlatformConfiguration
from lti_1p3_provider.onboarding import asking, invitations, made, proving, reading, whose
from lti_1p3_provider.onboarding.models import Invitation, OpenedConfiguration
from lti_1p3_provider.platforms import Preset
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.web.addresses import origin

SENT = (RegistrationNotTaken, RegistrationThere, RegistrationAnswerLost)


@dataclass(frozen=True, slots=True)
class Connection:
    """A platform that opened an invitation. ``known`` is its preset. ``draft`` is the registration to be, not stored
    yet. ``tool`` is what we ask of the platform."""

    invitation: Invitation
    configuration: PlatformConfiguration
    known: Preset
    draft: Registration
    tool: ToolDetails

    @property
    def host(self) -> str:
        """The origin at which the platform described itself."""
        return origin(self.configuration.address)

    @property
    def was_used_here(self) -> bool:
        """Whether the invitation was used up with this platform."""
        return self.invitation.sent_at is not None and self.invitation.sent_to == self.host[: invitations.MAX_HOST]


def connection(row: OpenedConfiguration) -> Connection:
    """Return what a platform's configuration, which was read before, allows.

    Raises:
        RegistrationFormOver, ConfigurationForeign, PlatformNotInvited
        ConfigurationUnreadable: its registration could not be stored.
    """
    invitation, configuration = row.invitation, reading.content(row)
    known = whose.require_own(configuration)
    whose.require_invited(configuration.address, invitation.host)
    draft = made.draft(invitation, configuration, known)
    return Connection(invitation, configuration, known, draft, asking.details(configuration, known, invitation))


def connect(this: Connection, token: str, trail: Trail, patience: float = dynamic_registration.PATIENCE) -> None:
    """Have the platform register us, and store its registration. ``token``: the platform's own. ``patience`` is in
    seconds.

    Raises:
        InvitationUsed, InvitationRevoked, InvitationExpired, LegacyKeyUnproved, PlatformUnreachable: nothing was sent.
        AddressForbidden, TrustUnreadable: nothing was sent, and the invitation can still be used.
        RegistrationNotTaken, RegistrationThere, RegistrationAnswerLost: ``SENT``.
    """
    asked = dynamic_registration.metadata(this.tool)
    proved = proving.require(this.invitation, this.known, this.configuration.registration_endpoint, token)
    if proved is not None:
        trail.passed("LTI 1.1 key")
        proving.recognize(this.draft, this.invitation, proved)
    invitations.use(this.invitation, this.host, proof=proving.digest_of(proved) if proved else None)
    trail.passed("invitation")
    try:
        granted = dynamic_registration.ask(this.configuration.registration_endpoint, token, asked, patience)
    except dynamic_registration.NOT_SENT as error:
        invitations.give_back(this.invitation)
        error.advice = BEGIN_AGAIN
        raise
    trail.passed("answer")
    made.registration(this.draft, this.invitation, granted)
    trail.registration = this.draft


def failed(this: Connection, error: LtiError, support_code: str) -> None:
    """Note for the operator what became of a request that was sent."""
    is_certain = isinstance(error, RegistrationNotTaken | RegistrationThere)
    status = Invitation.Status.REFUSED if is_certain else Invitation.Status.UNKNOWN
    invitations.failed(this.invitation, status, error.code, support_code)
