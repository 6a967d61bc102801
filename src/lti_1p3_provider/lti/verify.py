"""Verifies a well-formed token: the platform's signature, its issuer, us as its audience, and the times.

(Security Framework 1.0, 5.1.3)
"""

from __future__ import annotations

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lti_1p3_provider.errors import (
    AudienceMismatch,
    ClaimInvalid,
    ClaimMissing,
    IssuerMismatch,
    LtiError,
    SignatureInvalid,
    TokenExpired,
    TokenMalformed,
)
from lti_1p3_provider.lti import key_sets, state
from lti_1p3_provider.registrations.models import Registration

ALGORITHM = "RS256"
LEEWAY = 60  # seconds
OLDEST = state.LIFETIME + LEEWAY  # seconds since iat: a token answers a login, and no login lives longer


def verify(token: str, kid: str, registration: Registration, *, has_begin: bool) -> dict[str, Any]:
    """Return the claims of a token that was signed with the registration's own key; if several keys have the name, with
    one of them. ``has_begin``: the token has an ``nbf``.

    Raises:
        KeyUnknown, KeySetUnavailable, KeySetBusy, StateStoreDown
        LtiError: which check failed.
    """
    claims: dict[str, Any] = {}
    for key in key_sets.keys_for(registration, kid):
        try:
            claims = _decode(token, registration, key, has_begin)
        except jwt.InvalidSignatureError as error:
            failed = error
            continue
        except jwt.PyJWTError as error:
            raise _as_ours(error) from error
        break
    else:
        raise _as_ours(failed) from failed
    if claims["iat"] < time.time() - OLDEST:
        raise TokenExpired("iat is older than any login: compare the clocks of both sides")
    return claims


def _decode(token: str, registration: Registration, key: RSAPublicKey, has_begin: bool) -> dict[str, Any]:
    """Have PyJWT verify the token, except for claims that we do not use, and a null ``nbf``, where versions differ.
    What ``sub`` must be is checked in ``read_message``."""
    claims: dict[str, Any] = jwt.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        issuer=registration.issuer,
        audience=registration.client_id,
        leeway=LEEWAY,
        options={
            "require": ["exp", "iat", "iss", "aud", "nonce"],
            "verify_sub": False,
            "verify_jti": False,
            "verify_nbf": has_begin,
        },
    )
    return claims


def _as_ours(error: jwt.PyJWTError) -> LtiError:
    """Return our own error for what PyJWT found."""
    match error:
        case jwt.ExpiredSignatureError() | jwt.ImmatureSignatureError():
            return TokenExpired(f"{type(error).__name__}: compare the clocks of both sides")
        case jwt.InvalidIssuerError():
            return IssuerMismatch("iss is not the registration's issuer")
        case jwt.InvalidAudienceError():
            return AudienceMismatch("aud does not contain the registration's client id")
        case jwt.MissingRequiredClaimError():
            return ClaimMissing(error.claim)
        case jwt.InvalidIssuedAtError():
            return ClaimInvalid("iat must be a number")
        case jwt.InvalidSignatureError() | jwt.InvalidAlgorithmError():
            return SignatureInvalid("the signature does not fit the platform's key")
        case _:
            return TokenMalformed(type(error).__name__)
