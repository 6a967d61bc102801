"""Notes in the audit trail what becomes of a registration, its deployments and its gate, whoever changes it and however
many at once."""

from __future__ import annotations

from typing import Any

from lti_1p3_provider.audit.note import Author, Thing, note_difference
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding.models import GATE, OPTIONS, PROOF, Invitation
from lti_1p3_provider.registrations.models import Deployment, Registration

NOT_TOLD = ("id", "org", "org_digest", "created_at", "updated_at", "production")

Known = dict[tuple[str, int], tuple[Thing, dict[str, Any]]]


def of_registration(row: Registration) -> tuple[Thing, dict[str, Any]]:
    """Return how a registration is called in the audit trail, and its state."""
    told = [field.name for field in row._meta.concrete_fields if field.name not in NOT_TOLD]
    state = {name: getattr(row, name) for name in told}
    state["legacy_until"] = row.legacy_until and str(row.legacy_until)
    return Thing("registration", row.title, row.org, row.pk), state


def of_deployment(row: Deployment) -> tuple[Thing, dict[str, Any]]:
    """Return the same of a deployment, which comes with its registration."""
    thing = Thing("deployment", row.deployment_id, row.registration.org, row.registration_id)
    return thing, {"deployment_id": row.deployment_id, "status": str(row.status)}


def of_gate(row: LaunchGate) -> tuple[Thing, dict[str, Any]]:
    """Return the same of a gate, which comes with its registration."""
    thing = Thing("gate", row.registration.title, row.registration.org, row.registration_id)
    return thing, {name: getattr(row, name) for name in GATE}


def of_invitation(row: Invitation) -> tuple[Thing, dict[str, Any]]:
    """Return the same of an invitation; its token is not in it."""
    names = ("name", "host", *GATE, *OPTIONS, *PROOF, "status")
    state = {name: getattr(row, name) for name in names}
    state["legacy_until"] = row.legacy_until and str(row.legacy_until)
    return Thing("invitation", row.name, row.org), state


def known(registration_pk: int | None) -> Known:
    """Return a registration with everything that belongs to it, as it is in the database. Three queries."""
    row = Registration.objects.filter(pk=registration_pk or 0).first()
    if row is None:
        return {}
    found: Known = {("registration", row.pk): of_registration(row)}
    for deployment in Deployment.objects.filter(registration=row):
        deployment.registration = row
        found["deployment", deployment.pk] = of_deployment(deployment)
    for gate in LaunchGate.objects.filter(registration=row):
        gate.registration = row
        found["gate", gate.pk] = of_gate(gate)
    return found


def family(production_pk: int | None) -> Known:
    """Return the same of a registration and of its copies for other environments."""
    found = known(production_pk)
    for pk in Registration.objects.filter(production=production_pk or 0).order_by("pk").values_list("pk", flat=True):
        found |= known(pk)
    return found


def note_all(author: Author, before: Known, after: Known) -> None:
    """Note everything that differs. If a thing moved to another organization, the old one reads that it is gone and the
    new one that it is there: neither reads about the other."""
    for key in {**before, **after}:
        (was, had), (thing, has) = before.get(key, (None, None)), after.get(key, (None, None))
        if was is not None and thing is not None and was.org != thing.org:
            note_difference(author, was, had, None)
            note_difference(author, thing, None, has)
        elif (one := thing or was) is not None:
            note_difference(author, one, had, has)
