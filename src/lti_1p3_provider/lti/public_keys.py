"""Reads key sets: which of a platform's keys can verify a launch, and in which form they are cached. (RFC 7517)

Null, an empty text and an empty list count as absent. Words are compared without regard to case, and white space, with
which some platforms break long numbers, is taken out of keys. An unusable entry hides no usable one, even under the
same kid: some platforms give a new and an old key the same name.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from lti_1p3_provider.errors import KeyUnknown
from lti_1p3_provider.lti.strict_json import listed

MAX_KIDS = 1000
MAX_OF_A_KID = 4  # each is tried with each launch's signature
MIN_BITS, MAX_BITS = 2048, 16384


def usable(key_set: Any) -> dict[str, str]:
    """Return RSA signature keys as JSON by kid; several keys with one kid are a list. Everything else is ignored."""
    found: dict[str, list[str]] = {}
    for jwk in listed(key_set.get("keys") if isinstance(key_set, dict) else key_set) or ():
        if not _may_verify(jwk) or (jwk["kid"] not in found and len(found) >= MAX_KIDS):
            continue
        kept = json.dumps({"kty": "RSA", **{name: "".join(jwk[name].split()) for name in ("n", "e")}})
        of_kid = found.setdefault(jwk["kid"], [])
        if kept not in of_kid:
            of_kid.append(kept)
    return {kid: _kept(of_kid) for kid, of_kid in found.items()}


def _may_verify(jwk: Any) -> bool:
    return (
        isinstance(jwk, dict)
        and _word(jwk.get("kty")) == "rsa"
        and all(isinstance(jwk.get(name), str) and jwk[name] for name in ("kid", "n", "e"))
        and _word(jwk.get("alg") or "RS256") == "rs256"
        and _word(jwk.get("use") or "sig") == "sig"
    )


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _kept(of_kid: list[str]) -> str:
    """Return the keys of a kid in the form in which they are cached. If there are several, only those that can be
    read."""
    if len(of_kid) == 1:
        return of_kid[0]
    good = [kept for kept in of_kid if _is_good(kept)][:MAX_OF_A_KID] or of_kid[:1]
    return good[0] if len(good) == 1 else f"[{', '.join(good)}]"


def chosen(keys: dict[str, str], kid: str) -> tuple[RSAPublicKey, ...]:
    """Return the keys in ``usable`` that are called ``kid``, at least one.

    Raises:
        KeyUnknown: there is none, or none can be read.
    """
    if kid not in keys:
        raise KeyUnknown(f"kid {kid[:64]!r} is not in the platform's key set")
    return _parsed(keys[kid])


@lru_cache(maxsize=256)
def _parsed(kept: str) -> tuple[RSAPublicKey, ...]:
    several = json.loads(kept) if kept.startswith("[") else None
    return tuple(_key(json.dumps(one)) for one in several) if several else (_key(kept),)


def _key(jwk: str) -> RSAPublicKey:
    try:
        key = RSAAlgorithm.from_jwk(jwk)
    except (InvalidKeyError, ValueError, TypeError) as error:
        raise KeyUnknown("the platform's key cannot be read") from error
    if not isinstance(key, RSAPublicKey) or not MIN_BITS <= key.key_size <= MAX_BITS:
        raise KeyUnknown(f"the platform's key is not an RSA public key of {MIN_BITS} to {MAX_BITS} bits")
    return key


def _is_good(jwk: str) -> bool:
    try:
        _key(jwk)
    except KeyUnknown:
        return False
    return True
