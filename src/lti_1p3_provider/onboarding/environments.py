"""Makes the registrations of a platform's other environments: Canvas's beta and test.

They are copies of production, with its client id and deployment ids, under issuers of their own. A registration for
each keeps them apart: its people, links and scores are its own, whatever they are called.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.models import GATE
from lti_1p3_provider.onboarding.register import FILLED
from lti_1p3_provider.platforms import Environment, preset
from lti_1p3_provider.registrations import copies, find
from lti_1p3_provider.registrations.models import Deployment, Registration, ToolKey

ITS_OWN = frozenset(
    (
        *(*FILLED, "id", "title", "key_set", "other_origins", "enabled", "production", "created_at", "updated_at"),
        "ahead_way",  # nobody is to be enrolled because of a copy of a course
    )
)


@dataclass(frozen=True, slots=True)
class Sibling:
    """The registration of another environment. ``created``: it was made just now. ``ours`` False: somebody made it by
    hand for the same issuer and client ID, and it was left as it is."""

    registration: Registration
    environment: str
    created: bool
    ours: bool = True


def make_siblings(production: Registration) -> list[Sibling]:
    """Return the registration of each other environment, made where it is missing.

    A registration that exists gets the deployments and the gate that production has now. Everything else stays as it
    is, also whether it and its deployments are switched on.

    Raises:
        ValidationError: the platform has no other environments, or this is one of them.
    """
    known = preset(production.platform)
    if not known.environments:
        raise ValidationError(_("%s has no beta and test environments that are known here.") % known.label)
    if production.issuer != known.endpoints.issuer:
        raise ValidationError(
            _("%(title)s is not production: its issuer is not %(issuer)s.")
            % {"title": production.title, "issuer": known.endpoints.issuer}
        )
    return [_made(production, environment) for environment in known.environments]


@transaction.atomic
def _made(production: Registration, environment: Environment) -> Sibling:
    copies.lock(production.pk)  # two clicks make one copy; a key that production gets meanwhile is not missed
    row = find.exact(environment.endpoints.issuer, production.client_id)
    if row is not None and row.production_id != production.pk:
        return Sibling(row, environment.name, created=False, ours=False)
    created = row is None
    if row is None:
        row = Registration(production=production, title=f"{production.title[:240]} ({environment.name})")
        for field in Registration._meta.concrete_fields:
            if field.name not in ITS_OWN:
                setattr(row, field.attname, getattr(production, field.attname))
        for name in FILLED:
            setattr(row, name, getattr(environment.endpoints, name))
        row.full_clean()
        row.save()
        _share_key(production, row)
    _copy_deployments(production, row)
    _copy_gate(production, row)
    return Sibling(row, environment.name, created)


def _share_key(production: Registration, row: Registration) -> None:
    """Give the copy production's key, if that was pasted or sent there."""
    for key in production.own_keys.filter(status=ToolKey.Status.ACTIVE):
        copies.share(key, row.pk, ToolKey.Status.ACTIVE)


def _copy_deployments(production: Registration, row: Registration) -> None:
    """Add the deployments that are missing, with the status that they have in production."""
    for deployment in production.deployments.all():
        Deployment.objects.get_or_create(
            registration=row,
            deployment_digest=digest(deployment.deployment_id),
            defaults={"deployment_id": deployment.deployment_id, "status": deployment.status},
        )


def _copy_gate(production: Registration, row: Registration) -> None:
    """Copy the gate. If production has none, the copy keeps its own: copying must not open anything."""
    theirs = LaunchGate.objects.filter(registration=production).first()
    if theirs is None:
        return
    gate = LaunchGate.objects.filter(registration=row).first() or LaunchGate(registration=row)
    for name in GATE:
        setattr(gate, name, getattr(theirs, name))
    gate.save()
