"""Makes the registration of an invitation, from what the platform says of itself and what it granted."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.database.conflicts import described, is_conflict
from lti_1p3_provider.errors import (
    ConfigurationForeign,
    ConfigurationUnreadable,
    RegistrationAnswerLost,
    RegistrationThere,
)
from lti_1p3_provider.lti.dynamic_registration import Granted
from lti_1p3_provider.lti.platform_configuration import PlatformConfiguration
from lti_1p3_provider.onboarding import changes, invitations
from lti_1p3_provider.onboarding.models import OPTIONS, Invitation
from lti_1p3_provider.onboarding.whose import foreign
from lti_1p3_provider.platforms import Preset
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.web.addresses import is_within, origin

TRIES = 3  # of a transaction that met another one


def draft(invitation: Invitation, configuration: PlatformConfiguration, known: Preset) -> Registration:
    """Return the registration to be, checked and not stored. Only what the platform's answer will say is missing.

    Raises:
        ConfigurationUnreadable: it could not be stored.
        ConfigurationForeign: it reaches for another platform's access tokens.
    """
    usual = known.endpoints.auth_audience
    row = Registration(
        org=invitation.org,
        title=invitation.name,
        platform=known.name,
        issuer=configuration.issuer,
        auth_login_url=configuration.authorization_endpoint,
        auth_token_url=configuration.token_endpoint,
        auth_audience=configuration.audience or ("" if "{" in usual else usual),
        key_set_url=configuration.jwks_uri,
        **{name: getattr(invitation, name) for name in OPTIONS},
    )
    if not is_within(configuration.address, row.origins):  # where a school's host is not that of its addresses
        row.other_origins = origin(configuration.address)
    try:
        row.clean_fields(exclude=["client_id"])
        row.clean()
    except ValidationError as error:
        raise ConfigurationUnreadable(f"cannot be stored: {', '.join(error.message_dict)}") from error
    if field := foreign(row):
        raise ConfigurationForeign(f"{field} is not on {origin(row.auth_token_url)}, where access tokens are from")
    return row


def registration(row: Registration, invitation: Invitation, granted: Granted) -> None:
    """Store the draft with its gate and deployment, and note it in the invitation. No existing registration is changed.

    If the platform named no deployment, that of the first launch is let in. The platform has registered us and will not
    do so again, so a conflict with another transaction is tried again.

    Raises:
        RegistrationThere
        RegistrationAnswerLost: the database does not take it; the detail has the client ID.
    """
    row.client_id, row.approve_next_deployment = granted.client_id, not granted.deployment_id
    row.granted_scopes = None if granted.scopes is None else list(granted.scopes)
    for tries_left in reversed(range(TRIES)):
        try:
            _store(row, invitation, granted)
            return
        except IntegrityError as error:  # made in this very moment, or one that only differs in case
            raise _there(row) from error
        except DatabaseError as error:
            row.pk, invitation.registration = None, None
            if not (tries_left and is_conflict(error)):
                detail = f"client ID {row.client_id!r} of issuer {row.issuer} was granted and could not be stored"
                raise RegistrationAnswerLost(f"{detail}: {described(error)}") from error


def _store(row: Registration, invitation: Invitation, granted: Granted) -> None:
    if find.exact(row.issuer, row.client_id) or foreign(row):
        raise _there(row)
    with transaction.atomic():
        row.save(force_insert=True)
        if granted.deployment_id:
            Deployment.objects.create(registration=row, deployment_id=granted.deployment_id)
        if (gate := invitation.gate) is not None:
            gate.registration = row
            gate.save(force_insert=True)
        invitations.succeeded(invitation, row)
        changes.note_all(Author(None, Change.Way.INVITATION), {}, changes.known(row.pk))


def _there(row: Registration) -> RegistrationThere:
    return RegistrationThere(f"client ID {row.client_id!r} of issuer {row.issuer}")
