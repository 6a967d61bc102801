"""The registrations in PyLTI1p3's tables, with the gates and owners that plugins built on it keep beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lti_1p3_provider.moving_in.tables import Row, Tables, parsed, texts
from lti_1p3_provider.registrations.models import AccountMode

TOOLS, KEYS = "lti1p3_tool", "lti1p3_tool_key"
PEARSON = "openedx_lti_tool_plugin_"
ORGANIZATIONS = "organizations_organization"
MODES = {"existing_and_new": AccountMode.PROOF, "existing_only": AccountMode.ONLY}  # of new people; else a new account


@dataclass(frozen=True, slots=True)
class Gate:
    """What a tool may open. ``block_filter`` is in our form."""

    keys: tuple[str, ...] = ()
    courses: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()
    block_filter: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A private key in PEM, and the name under which platforms know it; empty if nobody stored one. ``users``: the
    organizations that own it or whose tools use it; "" is the site."""

    pem: str
    kid: str
    users: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tool:
    """A registration. ``gate`` None: the plugin had none for it, and let it open everything. ``accounts``: which
    account a new person gets."""

    pk: int
    title: str
    issuer: str
    client_id: str
    auth_login_url: str
    auth_token_url: str
    auth_audience: str
    key_set_url: str
    key_set: Any
    is_active: bool
    deployment_ids: tuple[str, ...]
    key: Key | None
    gate: Gate | None
    org: str
    notes: tuple[str, ...] = ()
    accounts: AccountMode = AccountMode.NEW


def tools(tables: Tables) -> list[Tool]:
    """Return all registrations, whoever made the tables."""
    keys = {row["id"]: row for row in tables.rows(tables.other(KEYS))}
    gates = {row["tool_id"]: _gate(row) for row in tables.rows(tables.named("launchgate"))}
    limits = {row["lti_tool_id"]: row for row in tables.rows(tables.other(f"{PEARSON}ltitoolconfiguration"))}
    orgs, users = _orgs(tables, "tool"), _users(tables)
    has_gates = not tables.other(f"{PEARSON}ltitoolconfiguration")
    found = []
    for row in tables.rows(tables.other(TOOLS)):
        gate, limit = gates.get(row["id"]), limits.get(row["id"])
        notes: list[str] = []
        if not has_gates and gate is None:
            gate, notes = _limited(limit)
        private = keys.get(row["tool_key_id"])
        key = Key(private["private_key"], _kid(private), users[_material(private)]) if private else None
        made = _tool(row, key, gate, orgs.get(row["id"], ""), notes)
        found.append(replace(made, accounts=_accounts(limit)))
    return found


def _tool(row: Row, key: Key | None, gate: Gate | None, org: str, notes: list[str]) -> Tool:
    return Tool(
        pk=row["id"],
        title=row["title"] or row["issuer"],
        issuer=row["issuer"],
        client_id=row["client_id"],
        auth_login_url=row["auth_login_url"],
        auth_token_url=row["auth_token_url"],
        auth_audience=row["auth_audience"] or "",
        key_set_url=row["key_set_url"] or "",
        key_set=None if row["key_set_url"] else parsed(row["key_set"]),
        is_active=bool(row["is_active"]),
        deployment_ids=tuple(dict.fromkeys(texts(row["deployment_ids"]))),
        key=key,
        gate=gate,
        org=org,
        notes=tuple(notes),
    )


def _kid(row: Row) -> str:
    jwk = parsed(row.get("public_jwk"))
    return str(jwk.get("kid") or "") if isinstance(jwk, dict) else ""


def _gate(row: Row) -> Gate:
    """Return a gate. In the other plugin an empty list of types is no filter, and the next list decides; with us it
    would close the gate."""
    by_course, by_org = (_types(row.get(name)) for name in ("course_block_filter", "org_block_filter"))
    for_all = texts(row.get("block_filter"))
    filters: dict[str, Any] = {"courses": by_course, "orgs": by_org, "all": for_all}
    return Gate(
        tuple(texts(row["allowed_keys"])),
        tuple(texts(row["allowed_courses"])),
        tuple(texts(row["allowed_orgs"])),
        {name: part for name, part in filters.items() if part},
    )


def _types(value: Any) -> dict[str, list[str]]:
    found = parsed(value)
    if not isinstance(found, dict):
        return {}
    return {str(name): texts(types) for name, types in found.items() if texts(types)}


def _limited(row: Row | None) -> tuple[Gate, list[str]]:
    """The other family of tables names courses only."""
    if row is None:
        return Gate(), ["it had no list of allowed courses: nothing opens until you name some in its gate"]
    return Gate(courses=tuple(texts(row.get("allowed_course_ids")))), []


def _accounts(row: Row | None) -> AccountMode:
    return MODES.get(str(row.get("user_provisioning_mode")), AccountMode.NEW) if row else AccountMode.NEW


def _orgs(tables: Tables, kind: str) -> dict[int, str]:
    """Return the organizations of tools, or of keys, by primary key. One that was deleted gets a name that no
    organization has."""
    owners = list(tables.rows(tables.named(f"lti{kind}org")))
    names = {row["id"]: row["short_name"] for row in tables.rows(tables.other(ORGANIZATIONS))} if owners else {}
    return {row[f"{kind}_id"]: names.get(row["org_id"]) or f"({row['org_id']})" for row in owners}


def _users(tables: Tables) -> dict[str, frozenset[str]]:
    """Return for each key the organizations that own it or whose tools use it, however often it was stored."""
    orgs, owners = _orgs(tables, "tool"), _orgs(tables, "key")
    found: dict[str, set[str]] = {}
    by_pk: dict[int, set[str]] = {}
    for row in tables.rows(tables.other(KEYS)):
        by_pk[row["id"]] = found.setdefault(_material(row), set())
        if row["id"] in owners:
            by_pk[row["id"]].add(owners[row["id"]])
    for row in tables.rows(tables.other(TOOLS)):
        if row["tool_key_id"] in by_pk:
            by_pk[row["tool_key_id"]].add(orgs.get(row["id"], ""))
    return {material: frozenset(users) for material, users in found.items()}


def _material(row: Row) -> str:
    return "".join(str(row["private_key"]).split())
