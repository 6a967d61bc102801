"""Finds the registration of a login and the deployment of a launch. Never guesses."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.database.storable import keeps, require
from lti_1p3_provider.errors import (
    DeploymentDisabled,
    DeploymentUnknown,
    RegistrationAmbiguous,
    RegistrationDisabled,
    RegistrationUnknown,
)
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration

MAX_PENDING = 100  # deployments waiting for approval, per registration
MAX_READ = 50  # registrations of one issuer


@prepared
def _of_issuer(issuer: str) -> QuerySet[Registration]:
    return Registration.objects.filter(issuer=issuer)[:MAX_READ]


@prepared
def _of_client(issuer: str, client_id: str) -> QuerySet[Registration]:
    return Registration.objects.filter(issuer=issuer, client_id=client_id)[:MAX_READ]


@prepared
def _by_pk(pk: int) -> QuerySet[Registration]:
    return Registration.objects.select_related("gate").filter(pk=pk)


@prepared
def _deployment(registration: int, deployment_digest: str) -> QuerySet[Deployment]:
    deployments = Deployment.objects.select_related("registration__gate")
    return deployments.filter(registration_id=registration, deployment_digest=deployment_digest)


def registration_for(issuer: str, client_id: str | None) -> Registration:
    """Return the enabled registration of (issuer, client_id). (Security Framework 1.0, 5.1.1)

    Raises:
        RegistrationUnknown, RegistrationAmbiguous, RegistrationDisabled
        TextNotKept: no registration can have such a name.
    """
    require(issuer, "iss")
    require(client_id or "", "client_id")
    named = _of_client(issuer, client_id) if client_id else _of_issuer(issuer)
    # Databases may ignore case; the specification does not.
    found = [row for row in named if row.issuer == issuer and client_id in (None, "", row.client_id)]
    if not found:
        raise RegistrationUnknown(f"issuer {issuer[:200]!r}, client_id {(client_id or '')[:200]!r}")
    if len(found) > 1:
        raise RegistrationAmbiguous(f"issuer {issuer[:200]!r} has several registrations and no client_id was sent")
    return _enabled(found[0])


def exact(issuer: str, client_id: str) -> Registration | None:
    """Return the registration of (issuer, client_id), enabled or not; both must match exactly."""
    if not keeps(issuer) or not keeps(client_id):
        return None
    rows = Registration.objects.filter(issuer=issuer, client_id=client_id)
    return next((row for row in rows if (row.issuer, row.client_id) == (issuer, client_id)), None)


def registration_by_pk(pk: int) -> Registration:
    """Return the enabled registration with this primary key, with its gate.

    Raises:
        RegistrationUnknown, RegistrationDisabled
    """
    row = _by_pk.one(pk)
    if row is None:
        raise RegistrationUnknown("the registration was deleted during the launch")
    return _enabled(row)


def registration_and_deployment(
    registration_pk: int, deployment_id: str, known: Deployment | None = None
) -> tuple[Registration, Deployment | None]:
    """Return the enabled registration, with its gate, and its deployment of this name: one query for both.

    ``known`` is that deployment with both, if somebody has read it already. The token that names the deployment may not
    be verified yet, and the deployment need not be approved: ``deployment_for`` decides about that.

    Raises:
        RegistrationUnknown, RegistrationDisabled
    """
    deployment = known or _deployment.one(registration_pk, digest(deployment_id))
    return _enabled(deployment.registration) if deployment else registration_by_pk(registration_pk), deployment


def deployment_for(registration: Registration, deployment_id: str, known: Deployment | None) -> Deployment:
    """Return the approved deployment. An unknown one is stored, for an operator to approve.

    ``known`` is what ``registration_and_deployment`` found. If a platform registered itself without naming its
    deployment, the first one is approved by the invitation.

    Raises:
        DeploymentUnknown, DeploymentDisabled
    """
    row = known if known is not None and known.deployment_id == deployment_id else None
    if row is None and registration.approve_next_deployment:
        row = _first(registration, deployment_id)
    if row is None:
        offered = _offer(registration, deployment_id)
        todo = "approve it in the registration" if offered else f"{MAX_PENDING} others wait already: clear these first"
        raise DeploymentUnknown(f"deployment {deployment_id!r} is new; {todo}")
    if row.status == Deployment.Status.PENDING:
        raise DeploymentUnknown(f"deployment {deployment_id!r} waits for approval in the registration")
    if row.status == Deployment.Status.DISABLED:
        raise DeploymentDisabled(f"deployment {deployment_id!r}")
    return row


def _first(registration: Registration, deployment_id: str) -> Deployment | None:
    """Approve the first deployment of a registration, once; if several come at the same moment, one of them. A
    deployment that an operator has entered meanwhile was the first."""
    with transaction.atomic():
        rows = Registration.objects.filter(pk=registration.pk, approve_next_deployment=True)
        is_first = bool(rows.update(approve_next_deployment=False))  # others wait here until this is committed
        if is_first and not Deployment.objects.filter(registration=registration).exists():
            return Deployment.objects.create(registration=registration, deployment_id=deployment_id)
    return Deployment.objects.filter(registration=registration, deployment_digest=digest(deployment_id)).first()


def _enabled(row: Registration) -> Registration:
    if not row.enabled:
        raise RegistrationDisabled(f"registration {row.pk}")
    return row


def _offer(registration: Registration, deployment_id: str) -> bool:
    """Store the deployment for an operator to approve; False if too many are waiting already."""
    if registration.deployments.filter(status=Deployment.Status.PENDING).count() >= MAX_PENDING:
        return False
    Deployment.objects.get_or_create(
        registration=registration,
        deployment_digest=digest(deployment_id),
        defaults={"deployment_id": deployment_id, "status": Deployment.Status.PENDING},
    )
    return True
