"""Somebody who has launched, as the launch left them: the app lets the first one in, later they are only rows. A launch
takes as long as most of what is tried after it. Whoever is let in like this has no session."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from demo.lms.models import Enrolment, Profile
from demo.platform import Link
from lti_1p3_provider import quotas
from lti_1p3_provider.diagnostics import subjects
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import Lane, LineItem, PendingScore
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.connection import Connection
from tests.registered import Places, copied, moved

# What a learner's first launch leaves, at most one row of each, in the order in which they lead to one another.
PEOPLE = (get_user_model(), Profile, Enrolment, PlatformUser)
MODELS = (*PEOPLE, Context, ResourceLink, LineItem, Lane, PendingScore, Grant, LaunchAttempt)
QUOTAS = ("people", "contexts", "links")
ITS_OWN = ("id", "client_id", "created_at", "updated_at")  # of a registration
FIELDS = [field.attname for field in Registration._meta.concrete_fields if field.name not in ITS_OWN]
_known: dict[str, Left] = {}  # by all that decides what a launch leaves


@dataclass(frozen=True)
class Left:
    """What a launch left, and when."""

    registration: int
    deployment: int
    rows: list[Model]
    moment: datetime


def enter(connection: Connection, link: Link, person: str) -> None:
    """Have somebody launch. Rows will do for the first launch of a registration, if there was one like it before."""
    registration = Registration.objects.select_related("gate").get(pk=connection.registration.pk)
    deployments = list(registration.deployments.all())
    if len(deployments) != 1 or _is_odd(connection, registration, person):
        connection.enter(link, person)
        return
    same = _all_but_names(connection, registration, deployments[0], link, person)
    if same in _known:
        with transaction.atomic():
            _write(_known[same], registration, deployments[0], link, person)
        return
    is_empty = not any(model._default_manager.exists() for model in MODELS)
    connection.enter(link, person)
    rows = [list(model._default_manager.all()) for model in MODELS]
    if is_empty and all(len(found) < 2 for found in rows):
        left = [row for found in rows for row in found]
        _known[same] = Left(registration.pk, deployments[0].pk, left, timezone.now())


def _is_odd(connection: Connection, registration: Registration, person: str) -> bool:
    """Tell whether this is no plain launch of a learner, or not the registration's first."""
    platform = connection.platform
    known = platform.store.person(person)
    return bool(
        platform.faults.active
        or platform._tampering
        or known is None
        or not known.is_learner
        or hasattr(registration, "gate")
        or LaunchAttempt.objects.filter(registration=registration).exists()
    )


def _all_but_names(
    connection: Connection, registration: Registration, deployment: Deployment, link: Link, person: str
) -> str:
    """Return all that decides what a launch leaves, but for what names registration and link."""
    fields = {name: getattr(registration, name) for name in FIELDS}
    ours = {name: getattr(settings, name) for name in dir(settings) if name.startswith("LTI_")}
    platform, placed = connection.platform, replace(link, id="", client_id="", line_item_url="")
    where = deployment.deployment_id, deployment.status
    return repr((fields, where, ours, platform.config, placed, platform.store.person(person)))


def _write(left: Left, registration: Registration, deployment: Deployment, link: Link, person: str) -> None:
    """Write what was left, for another registration and another link."""
    later = timezone.now() - left.moment
    new: Places = {(Registration, left.registration): registration.pk, (Deployment, left.deployment): deployment.pk}
    for row in left.rows:
        values = moved(row, new, later)
        new[type(row), row.pk] = copied(row, **values, **_names(row, values, link, new, person)).pk
    for kind in QUOTAS:
        quotas.count(deployment, kind)


def _names(row: Model, values: Mapping[str, Any], link: Link, new: Places, person: str) -> dict[str, Any]:
    """Return what no two rows have the same of."""
    match row:
        case PlatformUser() | Profile() | Enrolment() | Context() | PendingScore():
            return {}
        case ResourceLink():
            return {"link_id": link.id, "link_digest": digest(link.id)}
        case LineItem():
            return {"url": link.line_item_url}
        case Lane():
            return {"name": f"{values['deployment_id']}:{next(pk for (kind, _), pk in new.items() if kind is Context)}"}
        case Grant():
            return {"link_pk": new[ResourceLink, row.link_pk]}
        case LaunchAttempt():
            names = {"support_code": secrets.token_hex(4), "login_digest": secrets.token_hex(32)}
            return {**names, "subject_digest": subjects.keyed(values["registration_id"], person)}
    name = f"lti_{secrets.token_hex(12)}"
    return {"username": name, "email": row.email.replace(row.username, name)}
