"""Private keys: read from PEM, named, and encrypted for the database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.web.sealed import box

KEY_BITS = 2048
ALGORITHM = "RS256"
PURPOSE = "tool key"  # of the box; what is stored opens with no other
MAX_OPENED = 128  # keys that a process keeps ready to sign; each registration may have one


def made() -> rsa.RSAPrivateKey:
    """Return a new RSA key pair."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def read(pem: str) -> rsa.RSAPrivateKey:
    """Return the private key in a PEM text.

    Raises:
        KeyInvalid: it is not an unencrypted RSA private key of at least 2048 bits.
    """
    try:
        private = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyInvalid("This is not an unencrypted private key in PEM.") from error
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < KEY_BITS:
        raise KeyInvalid(f"This is not an RSA key of at least {KEY_BITS} bits.")
    return private


def public_jwk(private: rsa.RSAPrivateKey, kid: str = "") -> dict[str, str]:
    """Return the public key as a JWK (RFC 7517), by default under its thumbprint as name."""
    return {"kid": kid or thumbprint(private), "use": "sig", "alg": ALGORITHM, **_members(private)}


def thumbprint(private: rsa.RSAPrivateKey) -> str:
    """Return the key's JWK thumbprint (RFC 7638), in hex."""
    return digest(json.dumps(_members(private), sort_keys=True, separators=(",", ":")))[:32]


def _members(private: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = private.public_key().public_numbers()
    return {"e": _base64url(numbers.e), "kty": "RSA", "n": _base64url(numbers.n)}


def _base64url(number: int) -> str:
    octets = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def sealed(private: rsa.RSAPrivateKey, secrets: Iterable[str]) -> str:
    """Return the key as the database keeps it, encrypted with the first secret."""
    return box(PURPOSE, secrets).encrypt(pem(private).encode()).decode()


def pem(private: rsa.RSAPrivateKey) -> str:
    """Return the key as PEM, not encrypted."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@lru_cache(maxsize=MAX_OPENED)
def opened(encrypted: str, secrets: tuple[str, ...]) -> rsa.RSAPrivateKey:
    """Decrypt and parse a key, once per process: parsing a 2048-bit key takes tens of milliseconds.

    Raises:
        KeyInvalid: its secret is not among ``secrets``.
    """
    try:
        text = box(PURPOSE, secrets).decrypt(encrypted.encode())
    except InvalidToken as error:
        raise KeyInvalid("the secret that encrypted this key is not in LTI_1P3_PROVIDER_KEY_SECRETS") from error
    return cast(rsa.RSAPrivateKey, serialization.load_pem_private_key(text, password=None))
