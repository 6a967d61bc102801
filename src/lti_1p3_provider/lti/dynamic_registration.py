"""Registers us with a platform: sends the request, and reads what was granted. (Dynamic Registration 1.0, 3.5 and 3.6)

The request is sent only once, whatever happens: the platform may have registered us although its answer was lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.errors import (
    AddressForbidden,
    AnswerUnreadable,
    ClaimInvalid,
    ClaimMissing,
    LtiError,
    RegistrationAnswerLost,
    RegistrationNotTaken,
    TextNotKept,
    TrustUnreadable,
)
from lti_1p3_provider.lti import deep_linking, resource_link, transport
from lti_1p3_provider.lti.exchange import Answer, Request
from lti_1p3_provider.lti.platform_configuration import bearer
from lti_1p3_provider.lti.reader import Reader
from lti_1p3_provider.lti.strict_json import parse_object

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
MAX_SCOPES = 1000
MAX_SAID = 300
PATIENCE = 25.0  # seconds; a platform may fetch our keys before it answers
NOT_SENT = (AddressForbidden, TrustUnreadable)


@dataclass(frozen=True, slots=True)
class ToolDetails:
    """What we say of ourselves and ask for. Empty texts are left out. ``placements`` None: content cannot be chosen
    there. ``custom``: parameters of each launch."""

    name: str
    description: str
    domain: str
    login_url: str
    redirect_uri: str
    jwks_url: str
    deep_linking_url: str
    deep_linking_label: str
    home_url: str
    logo_url: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    scopes: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    placements: tuple[str, ...] | None = ()
    resource_links: bool = True
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a platform granted. ``scopes`` None: it does not say. ``deployment_id`` empty: it does not say either."""

    client_id: str
    scopes: tuple[str, ...] | None = None
    deployment_id: str = ""


def metadata(tool: ToolDetails) -> dict[str, Any]:
    """Return our registration request as JSON values. (3.5.1 and 3.5.2)"""
    messages: list[dict[str, Any]] = [{"type": resource_link.MESSAGE_TYPE}] if tool.resource_links else []
    if tool.placements is not None:
        choosing = {
            "type": deep_linking.MESSAGE_TYPE,
            "target_link_uri": tool.deep_linking_url,
            "label": tool.deep_linking_label,
            "icon_uri": tool.logo_url,
            "placements": list(tool.placements),
        }
        messages.append(_without_empty(choosing))
    configuration = {
        "domain": tool.domain,
        "description": tool.description,
        "target_link_uri": tool.redirect_uri,
        "custom_parameters": dict(tool.custom),
        "claims": list(tool.claims),
        "messages": messages,
    }
    asked = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.redirect_uri],
        "client_name": tool.name,
        "jwks_uri": tool.jwks_url,
        "logo_uri": tool.logo_url,
        "client_uri": tool.home_url,
        "tos_uri": tool.terms_url,
        "policy_uri": tool.privacy_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(tool.scopes),
    }
    return {**_without_empty(asked), TOOL: {**_without_empty(configuration), "messages": messages}}


def ask(endpoint: str, token: str, asked: Mapping[str, Any], patience: float = PATIENCE) -> Granted:
    """Send the request, once, and return what was granted. ``patience`` is in seconds. (3.6)

    Raises:
        AddressForbidden, TrustUnreadable: nothing was sent.
        RegistrationNotTaken: the platform refused.
        RegistrationAnswerLost: it may have registered us.
    """
    headers = {"Content-Type": "application/json", "Accept": "application/json", **bearer(token)}
    body = json.dumps(asked).encode()
    try:
        answer: Answer = transport.perform(Request("POST", endpoint, headers, body=body, timeout=patience))  # type: ignore[assignment]
    except NOT_SENT:
        raise
    except LtiError as error:
        raise RegistrationAnswerLost(f"{error.code}: {error.detail}") from error
    if 400 <= answer.status < 500:
        raise RegistrationNotTaken(f"status {answer.status}", _said(answer, token), answered=answer.status)
    if not answer.ok:
        raise RegistrationAnswerLost(f"status {answer.status}", answered=answer.status)
    return _granted(answer)


def _granted(answer: Answer) -> Granted:
    try:
        values = parse_object(answer.content(), is_signed=False)
        reader = Reader(values)
        client_id = reader.require_name("client_id", 255)
        if client_id != client_id.strip():
            raise ValueError("the client_id has spaces around it")
        return Granted(client_id, _scopes(values.get("scope")), _deployment(reader))
    except (ValueError, AnswerUnreadable, ClaimMissing, ClaimInvalid, TextNotKept) as error:
        why = error.detail if isinstance(error, LtiError) else str(error)
        raise RegistrationAnswerLost(f"status {answer.status}: {why[:200]}", answered=answer.status) from error


def _deployment(reader: Reader) -> str:
    """Return the deployment's id, which some platforms put among the tool's values and some beside them. One that
    cannot be used is ignored: the first launch will tell."""
    for place in (reader.object_or_empty(TOOL), reader):
        try:
            if found := place.name("deployment_id", 255):
                return found
        except (ClaimInvalid, TextNotKept):
            continue
    return ""


def _scopes(value: object) -> tuple[str, ...] | None:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else None
    return None if words is None else tuple(dict.fromkeys(reduce(str(one))[:255] for one in words[:MAX_SCOPES]))


def _said(answer: Answer, token: str) -> str:
    """Return the platform's own words for the person, on one line and without markup; nothing if they hold the
    token."""
    text = (answer.body if answer.failure is None else b"")[:8192].decode("utf-8", "replace")
    is_page = text.lstrip().startswith("<")
    words = "" if is_page or (token and token in text) else " ".join(text.split())
    return reduce(words[:MAX_SAID])


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", [], {})}
