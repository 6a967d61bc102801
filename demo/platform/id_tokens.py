"""Signing id_tokens; here faults and tests may spoil one, and nowhere else."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jwt.algorithms import get_default_algorithms

from demo.platform.faults import Faults
from demo.platform.keys import KeyRing, b64url

Claims = dict[str, Any]
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True, kw_only=True)
class Tampering:
    """Changes to one id_token, in this order: claims, headers, payload (JSON text), signature, raw_token.

    A callable for claims or headers returns the new dict, or changes the old one and returns None.
    ``key`` is a private key, or the secret of HS256 (the public key's PEM if not given).
    """

    claims: Callable[[Claims], Claims | None] | None = None
    headers: Callable[[Claims], Claims | None] | None = None
    key: Any = None
    algorithm: str | None = None
    payload: Callable[[str], str] | None = None
    raw_token: Callable[[str], str] | None = None


def sign(claims: Claims, keys: KeyRing, faults: Faults, tampering: Tampering | None) -> str:
    """A compact JWS, RS256 with kid, unless a fault or a tampering says otherwise."""
    how = tampering or Tampering()
    algorithm = how.algorithm or "RS256"
    key = how.key
    if key is None:
        key = keys.current.public_pem if algorithm in HASHES else keys.current.private_key
    headers: Claims = {"typ": "JWT", "alg": algorithm, "kid": keys.current.kid}
    claims, headers = _with_faults(claims, headers, faults)
    claims = _changed(how.claims, claims)
    headers = _changed(how.headers, headers)
    payload = json.dumps(claims)
    if how.payload:
        payload = how.payload(payload)
    signed = f"{b64url(json.dumps(headers).encode())}.{b64url(payload.encode())}"
    token = f"{signed}.{b64url(_signature(algorithm, signed.encode(), key))}"
    return how.raw_token(token) if how.raw_token else token


def _with_faults(claims: Claims, headers: Claims, faults: Faults) -> tuple[Claims, Claims]:
    claims, headers = dict(claims), dict(headers)
    if faults.take("expired", "launch"):
        claims["iat"] -= 7200
        claims["exp"] -= 7200
    if faults.take("wrong_nonce", "launch"):
        claims["nonce"] = secrets.token_urlsafe(24)
    if faults.take("unknown_kid", "launch"):
        headers["kid"] = secrets.token_urlsafe(24)
    if faults.take("no_kid", "launch"):
        del headers["kid"]
    return claims, headers


def _changed(change: Callable[[Claims], Claims | None] | None, values: Claims) -> Claims:
    if change is None:
        return values
    changed = change(values)
    return values if changed is None else changed


def _signature(algorithm: str, message: bytes, key: Any) -> bytes:
    if algorithm.lower() == "none":
        return b""
    if algorithm in HASHES:  # by hand: PyJWT refuses a PEM as a secret, which is the attack that we play
        secret = key if isinstance(key, bytes) else str(key).encode()
        return hmac.new(secret, message, HASHES[algorithm]).digest()
    signer = get_default_algorithms()[algorithm]
    return signer.sign(message, signer.prepare_key(key))
