"""What the specifications let in, written from their text and not from our code.

OpenID Connect Core 3.1.3.7, 1EdTech Security Framework 5.1.3, LTI 1.3 Core 5, RFC 7515, RFC 7519.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.connection import AGS_CLAIM, CLAIM, Connection

EMPTY = (None, "", [], {})  # what may be left out may be empty
LEEWAY = 60 + 2  # seconds: ours, and what the exchange itself takes


@dataclass(frozen=True)
class Asked:
    """What the tool knows before the token arrives."""

    connection: Connection
    nonce: str
    kids: frozenset[str]
    blocks: frozenset[tuple[str, str]]
    now: float


def objections(header_text: str, claims_text: str, asked: Asked) -> list[str]:
    """Return what forbids letting a correctly signed token in. Empty: the specifications have nothing against it."""
    header, claims = _strict(header_text), _strict(claims_text)
    if header is None or claims is None:
        return ["not one JSON object with unique names"]
    rules = {
        "alg": header.get("alg") == "RS256",
        "crit": "crit" not in header,
        "b64": header.get("b64", True) is not False,
        "kid": isinstance(header.get("kid"), str) and header["kid"] in asked.kids,
        "iss": claims.get("iss") == asked.connection.platform.issuer,
        "aud": _is_audience(claims.get("aud"), claims.get("azp"), asked.connection.client_id),
        "azp": claims.get("azp") in (*EMPTY, asked.connection.client_id),
        "exp": _is_number(claims.get("exp")) and claims["exp"] > asked.now - LEEWAY,
        "iat": _is_number(claims.get("iat")) and claims["iat"] < asked.now + LEEWAY,
        "nbf": claims.get("nbf") is None or (_is_number(claims["nbf"]) and claims["nbf"] < asked.now + LEEWAY),
        "nonce": claims.get("nonce") == asked.nonce,
        "sub": _is_name(claims.get("sub")),
        "message_type": claims.get(f"{CLAIM}message_type") == "LtiResourceLinkRequest",
        "version": claims.get(f"{CLAIM}version") == "1.3.0",
        "deployment_id": claims.get(f"{CLAIM}deployment_id") == "1",
        "target_link_uri": _is_ours(claims.get(f"{CLAIM}target_link_uri"), asked),
        "roles": _are_texts(claims.get(f"{CLAIM}roles")),
        "resource_link": _has_id(claims.get(f"{CLAIM}resource_link")),
        "context": _is_context(claims.get(f"{CLAIM}context")),
        "grade service": _is_grade_service(claims.get(AGS_CLAIM)),
    }
    return [name for name, holds in rules.items() if not holds]


def _strict(text: str) -> dict[str, Any] | None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    def constant(name: str) -> None:
        raise ValueError(name)

    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_number(value: object) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _is_name(value: object) -> bool:
    """A text that is there, and that can be written down."""
    return isinstance(value, str) and value != "" and not re.search("[\x00\ud800-\udfff]", value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(member, str | None) for member in value)


def _has_id(value: object) -> bool:
    return isinstance(value, dict) and _is_name(value.get("id"))


def _is_context(value: object) -> bool:
    """There need not be one, nor anything in it."""
    return value in EMPTY or _has_id(value) or (isinstance(value, dict) and all(one in EMPTY for one in value.values()))


def _is_audience(audience: object, party: object, client_id: str) -> bool:
    if isinstance(audience, list) and all(isinstance(member, str) for member in audience):
        return client_id in audience and (len(set(audience)) == 1 or party == client_id)
    return audience == client_id


def _is_grade_service(value: object) -> bool:
    if value in EMPTY:
        return True
    if not isinstance(value, dict) or not (value.get("scope") in EMPTY or _are_texts(value["scope"])):
        return False
    return all(value.get(name) in EMPTY or isinstance(value[name], str) for name in ("lineitem", "lineitems"))


def _is_ours(value: object, asked: Asked) -> bool:
    """An absolute address on our host and port, of a block that is there. Scheme and host are case-insensitive; white
    space around it and slashes at its end were copied along."""
    host = re.escape(asked.connection.lms.partition("://")[2])
    found = isinstance(value, str) and re.fullmatch(
        rf"https?://{host}(/[^?#\\\x00-\x20\x7f]*)([?#][^\\\x00-\x20\x7f]*)?", value.strip(), re.I
    )
    if not found:
        return False
    path = unquote(found[1]).strip().rstrip("/")
    return any(path == f"/lti/1p3/launch/{course}/{block}" for course, block in asked.blocks)
