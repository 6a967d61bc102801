"""Compares what was brought in with what was there: each registration with its owner, and every person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.moving_in import carry
from lti_1p3_provider.moving_in.bring import batches, is_staff
from lti_1p3_provider.moving_in.owners import owner
from lti_1p3_provider.moving_in.people import Person, people
from lti_1p3_provider.moving_in.tables import Tables
from lti_1p3_provider.moving_in.tools import Tool, tools
from lti_1p3_provider.registrations import find
from lti_1p3_provider.registrations.models import Registration, ToolKey
from lti_1p3_provider.users.models import PlatformUser

Identity = tuple[str, str]
MAX_SHOWN = 20  # people by name of their account


@dataclass(frozen=True, slots=True)
class Compared:
    """How much was compared, and ``differences`` in sentences, none if everything is as it should be. ``owners``:
    registrations that ``import`` would give to another owner now; an operator may have decided that."""

    registrations: int
    people: int
    differences: tuple[str, ...]
    owners: tuple[str, ...] = ()


def compare(tables: Tables) -> Compared:
    """Look at each registration, its owner, deployments, gate and key, and at each person's account."""
    known, differences = tools(tables), []
    ours: dict[Identity, Registration] = {}
    owners: list[str] = []
    gated = frozenset(LaunchGate.objects.values_list("registration_id", flat=True))
    for tool in known:
        row = find.exact(tool.issuer, tool.client_id)
        differences += _differences(tool, row, row is not None and row.pk in gated)
        if row is not None:
            ours[tool.issuer, tool.client_id] = row
            owners += _owner(tool, row, row.pk in gated)
    looked_at, wrong = 0, []
    for batch in batches(people(tables)):
        looked_at += len(batch)
        wrong += _wrong(batch, ours)
    if len(wrong) > MAX_SHOWN:
        wrong = [*wrong[:MAX_SHOWN], f"and {len(wrong) - MAX_SHOWN} more"]
    return Compared(len(known), looked_at, (*differences, *wrong), tuple(owners))


def _differences(tool: Tool, row: Registration | None, has_gate: bool) -> list[str]:
    name = f"{tool.title} ({tool.client_id})"
    if row is None:
        refused = carry.carried(tool).state == "refused"
        return [f"{name}: {'was refused; see inspect' if refused else 'there is no such registration'}"]
    said = []
    if missing := set(tool.deployment_ids) - set(row.deployments.values_list("deployment_id", flat=True)):
        said.append(f"{name}: deployments are missing: {', '.join(sorted(missing))}")
    if tool.gate is not None and not has_gate:
        said.append(f"{name}: its launch gate is missing")
    if carry.carried(tool).key and not ToolKey.objects.filter(registration=row).exists():
        said.append(f"{name}: its signing key is missing")
    return said


def _owner(tool: Tool, row: Registration, has_gate: bool) -> list[str]:
    due, _ = owner(tool, stays_open=not has_gate)
    if row.org == due:
        return []
    whose = f"it belongs to {_whose(row.org)}, and import would give it to {_whose(due)}"
    return [f"{tool.title} ({tool.client_id}): {whose}"]


def _whose(org: str) -> str:
    return f"the organization {org}" if org else "the site itself"


def _wrong(batch: list[Person], ours: dict[Identity, Registration]) -> list[str]:
    """Return people who have no account, or another one. Accounts that are gone or staff's are not expected."""
    meant: dict[int, dict[str, Person]] = defaultdict(dict)
    for person in batch:
        if (row := ours.get((person.issuer, person.client_id))) and person.user:
            meant[row.pk][digest(person.sub)] = person
    said, missing = [], []
    for registration, by_digest in meant.items():
        found = PlatformUser.objects.filter(registration=registration, sub_digest__in=list(by_digest))
        accounts = dict(found.values_list("sub_digest", "user_id"))
        for sub, person in by_digest.items():
            if sub not in accounts:
                missing.append(person.user)
            elif accounts[sub] != person.user:
                said.append(f"the person of account {person.user} has account {accounts[sub]} now")
    there = get_user_model()._default_manager.in_bulk(missing).values()
    return [*said, *(f"the person of account {one.pk} is missing" for one in there if not is_staff(one))]
