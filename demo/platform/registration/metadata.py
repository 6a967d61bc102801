"""What a tool says of itself when it registers, read once for all products; what each refuses is its own matter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from demo.platform.config import PERSONAL, Tool
from demo.platform.registration.offers import Offer
from demo.platform.vocabulary import DEEP_LINKING_REQUEST, RESOURCE_LINK_REQUEST, TOOL_CONFIGURATION

CUSTOM = "custom_parameters"


def texts(value: object) -> list[str]:
    """The texts in a list; empty for anything else."""
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def objects(value: object) -> list[dict[str, Any]]:
    """The objects in a list; empty for anything else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def configuration_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The tool configuration (LTI Dynamic Registration 1.0, 3.1.3), empty where there is none."""
    value = body.get(TOOL_CONFIGURATION)
    return value if isinstance(value, dict) else {}


def scopes_asked(body: Mapping[str, Any]) -> list[str]:
    """The scopes, each once, in their order."""
    return list(dict.fromkeys(str(body.get("scope") or "").split()))


def message(body: Mapping[str, Any], kind: str) -> dict[str, Any] | None:
    """What the tool says of a message of this type; None if it does not want it."""
    return next((one for one in objects(configuration_of(body).get("messages")) if one.get("type") == kind), None)


def domain_of(address: str) -> str:
    """Host and port of an address, or of a bare domain, without www."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    return parts.netloc.lower().removeprefix("www.")


def as_tool(offer: Offer, body: Mapping[str, Any], scopes: list[str], audience: str = "") -> Tool:
    """The tool as a client of this platform. It waits for an administrator. Raises ConfigError."""
    configuration = configuration_of(body)
    target = str(configuration.get("target_link_uri", ""))
    picking = message(body, DEEP_LINKING_REQUEST)
    launches = message(body, RESOURCE_LINK_REQUEST) or {}
    claims = texts(configuration.get("claims"))
    return Tool(
        client_id=offer.client_id,
        deployment_id=offer.deployment_id,
        title=str(body.get("client_name") or "Tool"),
        login_url=str(body["initiate_login_uri"]),
        redirect_uris=tuple(texts(body["redirect_uris"])),
        jwks_url=str(body["jwks_uri"]),
        services={"ags": True, "nrps": True, "deep_linking": picking is not None},
        scopes=tuple(scopes),
        deep_link_url=str((picking or {}).get("target_link_uri") or target),
        active=False,
        personal_claims=tuple(name for name in PERSONAL if name in claims),
        custom={**_custom(configuration), **_custom(launches)},
        audience=audience,
    )


def _custom(values: Mapping[str, Any]) -> dict[str, str]:
    found = values.get(CUSTOM)
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
