"""Who a person was on LTI 1.1, according to the claim ``lti1p1``, and the proof that comes with it. (LTI 1.3 Core, 6.1)

Nothing in the claim can refuse a launch: what cannot be read is ignored.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from typing import Any

from lti_1p3_provider.database.storable import keeps

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/lti1p1"
MAX_TEXT = 255
MAX_DIGITS = 30


@dataclass(frozen=True, slots=True)
class Lti1p1:
    """What the claim says; empty where it says nothing. ``user_id`` empty: it is the same as ``sub``. ``expires`` and
    ``nonce`` are the token's own; the signature covers them, too."""

    consumer_key: str = ""
    signature: str = ""
    user_id: str = ""
    expires: str = ""
    nonce: str = ""


def read(claims: Any) -> Lti1p1 | None:
    """Return what a token's claims say of LTI 1.1; None if they say nothing."""
    said = claims.get(CLAIM)
    if not isinstance(said, dict) or not said:
        return None
    if said.get("user_id") is not None and not _text(said["user_id"]):
        return None  # an id that cannot be read is not one that was left out
    return Lti1p1(
        consumer_key=_text(said.get("oauth_consumer_key")),
        signature=_text(said.get("oauth_consumer_key_sign")),
        user_id=_text(said.get("user_id")),
        expires=_text(claims.get("exp")),
        nonce=_text(claims.get("nonce")),
    )


def signature(secret: str, said: Lti1p1, deployment_id: str, issuer: str, client_id: str) -> str:
    """Return the ``oauth_consumer_key_sign`` that a platform with the key's secret would send. (6.1.1)"""
    signed = "&".join((said.consumer_key, deployment_id, issuer, client_id, said.expires, said.nonce))
    made = hmac.digest(secret.encode("utf-8", "surrogatepass"), signed.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b64encode(made).decode()


def is_signed(secrets: tuple[str, ...], said: Lti1p1, deployment_id: str, issuer: str, client_id: str) -> bool:
    """Tell whether the claim was signed with one of the key's secrets. Each is tried, in constant time; an empty secret
    never counts."""
    given = said.signature.encode("utf-8", "surrogatepass")
    tried = [
        hmac.compare_digest(signature(secret, said, deployment_id, issuer, client_id).encode(), given)
        for secret in secrets
        if secret
    ]
    return any(tried)


def _text(value: Any) -> str:
    """Return texts, and numbers written without a fraction; anything else counts as empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_DIGITS else ""
    return value if isinstance(value, str) and len(value) <= MAX_TEXT and keeps(value) else ""
