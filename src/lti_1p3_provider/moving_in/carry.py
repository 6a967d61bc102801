"""What becomes of one registration of another plugin, before and after it is brought in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.moving_in.keys import kid_of
from lti_1p3_provider.moving_in.owners import owner
from lti_1p3_provider.moving_in.tools import Key, Tool
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import AccountMode, Registration

COMPARED = ("people", "people_without_account", "people_of_staff", "links", "columns", "links_wait_for_a_launch")


@dataclass
class Carried:
    """The report of one registration. ``state``: new, there (it is ours already, and stays as it is), or refused.

    ``owner``: the organization that it will belong to, empty for the site. ``owner_if_closed``: only if it gets a gate,
    about which nobody has decided yet. ``accounts``: which account its new people get. ``numbers``: people, links and
    so on, by name. ``problems``: what is not carried over and why, in sentences. ``staff``: primary keys of accounts
    that a platform's person had and that are staff of something.
    """

    title: str
    issuer: str
    client_id: str
    state: str = "new"
    deployments: int = 0
    gate: str = ""
    key: str = ""
    owner: str = ""
    owner_if_closed: bool = False
    accounts: str = AccountMode.NEW.value
    numbers: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    staff: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it for a script, with each number under its name."""
        numbers = {name: self.numbers[name] for name in COMPARED}
        return {**vars(self), "numbers": numbers}


def carried(tool: Tool, *, stays_open: bool = False) -> Carried:
    """Return the report of a registration that is still to be brought in. ``stays_open``: without a gate, it goes on
    opening every block."""
    found = Carried(tool.title, tool.issuer, tool.client_id, problems=list(tool.notes))
    found.deployments, found.accounts = len(tool.deployment_ids), tool.accounts.value
    found.gate = _gate_in_words(tool)
    found.owner, why_not = owner(tool, stays_open=stays_open)
    if why_not:
        found.problems.append(why_not)
    if tool.key is None:
        found.problems.append("it had no signing key: this site's key signs")
    else:
        found.key = _kid(tool.key, found)
    try:
        registration(tool).clean()
        if tool.gate is not None:
            gate(tool, None).clean()
    except ValidationError as error:
        found.state = "refused"
        found.problems += [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
    return found


def registration(tool: Tool) -> Registration:
    """Return the registration that the tool becomes, not saved."""
    return Registration(
        title=tool.title[:255],
        platform=_family(tool),
        issuer=tool.issuer,
        client_id=tool.client_id,
        auth_login_url=tool.auth_login_url,
        auth_token_url=tool.auth_token_url,
        auth_audience=tool.auth_audience,
        key_set_url=tool.key_set_url,
        key_set=tool.key_set or None,
        enabled=tool.is_active,
        learner_accounts=tool.accounts,
        teacher_accounts=tool.accounts,
    )


def gate(tool: Tool, of: Registration | None) -> LaunchGate:
    """Return the launch gate that the tool's becomes, not saved. A tool without one gets a gate that opens nothing."""
    lists = tool.gate
    return LaunchGate(
        registration=of,
        allowed_keys=list(lists.keys) if lists else [],
        allowed_courses=list(lists.courses) if lists else [],
        allowed_orgs=list(lists.orgs) if lists else [],
        block_filter=dict(lists.block_filter or {}) if lists else {},
    )


def _family(tool: Tool) -> str:
    """Recognize the platform by its issuer, if that is the same everywhere, or by its addresses. An operator may change
    it later."""
    addresses = (tool.auth_login_url, tool.auth_token_url)
    for name, one in PRESETS.items():
        usual = one.endpoints.at(tool.issuer.partition("://")[2], tool.client_id)
        if tool.issuer == one.endpoints.issuer or addresses == (usual.auth_login_url, usual.auth_token_url):
            return name
    return "generic"


def _gate_in_words(tool: Tool) -> str:
    if tool.gate is None:
        return "none: it opened every block of the site, and offered nothing to pick"
    lists = {"blocks": tool.gate.keys, "courses": tool.gate.courses, "organizations": tool.gate.orgs}
    opened = ", ".join(f"{len(names)} {name}" for name, names in lists.items() if names)
    return f"opens {opened or 'nothing'}{', of some block types only' if tool.gate.block_filter else ''}"


def _kid(key: Key, found: Carried) -> str:
    try:
        return key.kid or kid_of(key.pem)
    except KeyInvalid as error:
        found.problems.append(f"its signing key: {error.detail} A platform that holds its public key needs ours")
        return ""
