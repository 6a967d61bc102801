"""Registers a platform, or updates its registration. The command and other plugins use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, ROLE_FIELDS, Deployment, Registration

HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?")
OPTIONS = (
    "org",
    "trust_emails",
    "enrolment_mode",
    *ACCOUNT_FIELDS,
    *ROLE_FIELDS,
    "ahead_way",
    *LEGACY_FIELDS,
    "subsection_columns",
    "confine_sessions",
)
FILLED = ("issuer", "auth_login_url", "auth_token_url", "auth_audience", "key_set_url")


@dataclass(frozen=True, slots=True)
class PlatformDetails:
    """What a platform shows its admin. ``host`` fills in the preset's addresses where they are left empty.

    None means: as it was, or the default for a new registration. That is off for ``trust_emails``, ``enrolment_mode``
    and ``subsection_columns``, on for ``confine_sessions``, and nothing for roles, ``ahead_way``, ``org`` and the ways
    of LTI 1.1. Roles are names of ``host.course_roles``, "" for none. ``ahead_way`` is a name of
    ``registrations.ahead_way``, "" for nothing. ``org`` "" is the site's own. ``legacy_way`` "" recognizes nobody, and
    removes key and last day.
    """

    title: str
    issuer: str
    client_id: str
    deployment_ids: tuple[str, ...]
    auth_login_url: str = ""
    auth_token_url: str = ""
    auth_audience: str = ""
    key_set_url: str = ""
    key_set: dict[str, Any] | None = None
    platform: str = "generic"
    host: str = ""
    allowed_courses: tuple[str, ...] = ()
    allowed_orgs: tuple[str, ...] = ()
    allowed_keys: tuple[str, ...] = ()
    trust_emails: bool | None = None
    enrolment_mode: str | None = None
    subsection_columns: bool | None = None
    learner_accounts: str | None = None
    teacher_accounts: str | None = None
    instructor_role: str | None = None
    assistant_role: str | None = None
    designer_role: str | None = None
    ahead_way: str | None = None
    legacy_way: str | None = None
    legacy_consumer_key: str | None = None
    legacy_until: date | None = None
    confine_sessions: bool | None = None
    other_hosts: tuple[str, ...] = ()
    org: str | None = None

    @property
    def gate(self) -> dict[str, list[str]]:
        """The lists of the launch gate."""
        names = [field.name for field in fields(self) if field.name.startswith("allowed_")]
        return {name: list(getattr(self, name)) for name in names}


@transaction.atomic
def register(details: PlatformDetails) -> tuple[Registration, bool]:
    """Create the registration of (issuer, client id), or update it; return it, and whether it is new.

    Deployments are added, and approved unless an operator disabled them; none is removed. A gate is set only if
    ``details`` names something.

    Raises:
        ValidationError: a value is wrong; it says which and why, and nothing is stored.
    """
    row = find.exact(details.issuer, details.client_id)
    created = row is None
    row = row or Registration(issuer=details.issuer, client_id=details.client_id)
    row.title, row.platform = details.title, details.platform
    given = {name: getattr(details, name) for name in (*FILLED, "client_id", "key_set")}
    for name, value in {**given, **filled_in(given, details.platform, bare_host(details.host))}.items():
        setattr(row, name, value)
    for name in OPTIONS:
        if getattr(details, name) is not None:
            setattr(row, name, getattr(details, name))
    if details.legacy_way == "":
        row.legacy_consumer_key, row.legacy_until = "", None
    if details.other_hosts:
        row.other_origins = " ".join(host if "://" in host else f"https://{host}" for host in details.other_hosts)
    row.full_clean()
    row.save()
    for deployment_id in details.deployment_ids:
        approve(row, deployment_id)
    if any(details.gate.values()):
        _set_gate(row, details.gate)
    return row, created


def approve(row: Registration, deployment_id: str) -> None:
    """Add a deployment, or approve one that waits. One that an operator disabled stays disabled.

    Raises:
        ValidationError: the id cannot be stored.
    """
    Deployment(registration=row, deployment_id=deployment_id).full_clean(exclude=["deployment_digest"])
    deployment, is_new = Deployment.objects.get_or_create(  # a launch may bring the same one in this very moment
        registration=row, deployment_digest=digest(deployment_id), defaults={"deployment_id": deployment_id}
    )
    if deployment.status == Deployment.Status.PENDING:
        deployment.status = Deployment.Status.APPROVED
    if not is_new:
        deployment.save()


def filled_in(given: Mapping[str, Any], platform: str, host: str) -> dict[str, str]:
    """Return what the platform's preset knows of the addresses that ``given`` leaves empty."""
    known = preset(platform).endpoints.at(host, given.get("client_id") or "")
    empty = [name for name in FILLED if not given.get(name) and not (name == "key_set_url" and given.get("key_set"))]
    return {name: getattr(known, name) for name in empty}


def bare_host(text: str) -> str:
    """Return the host name (and path) of what a person entered as the platform's host.

    Raises:
        ValidationError: it is not one.
    """
    bare = text.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    if bare and not HOST.fullmatch(bare):
        raise ValidationError({"platform_host": _("This is not a host name like moodle.school.edu.")})
    return bare


def _set_gate(row: Registration, lists: dict[str, list[str]]) -> None:
    gate = LaunchGate.objects.filter(registration=row).first() or LaunchGate(registration=row)
    for name, values in lists.items():
        setattr(gate, name, values)
    gate.full_clean()
    gate.save()
