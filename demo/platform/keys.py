"""The platform's signing keys: current and previous, and the key set that shows them."""

import base64
import hashlib
import json
from dataclasses import dataclass
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class SigningKey:
    """An RSA private key; ``kid`` is its RFC 7638 thumbprint."""

    kid: str
    private_key: RSAPrivateKey

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a new 2048-bit key."""
        private_key = generate_private_key(public_exponent=65537, key_size=2048)
        numbers = _numbers(private_key)
        canonical = json.dumps(numbers, sort_keys=True, separators=(",", ":")).encode()
        return cls(b64url(hashlib.sha256(canonical).digest()), private_key)

    @property
    def public_pem(self) -> bytes:
        """The public key as PEM."""
        return self.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def public_jwk(self) -> dict[str, str]:
        """The public key as a JWK."""
        return {**_numbers(self.private_key), "kid": self.kid, "alg": "RS256", "use": "sig"}


class KeyRing:
    """The current signing key and the one before it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._keys = [SigningKey.generate()]

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        return self._keys[0]

    def rotate(self) -> SigningKey:
        """Sign with a new key from now on; the previous one stays in the key set, older ones go."""
        with self._lock:
            self._keys = [SigningKey.generate(), self._keys[0]]
        return self.current

    def public_jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key set (RFC 7517)."""
        return {"keys": [key.public_jwk() for key in self._keys]}


def _numbers(private_key: RSAPrivateKey) -> dict[str, str]:
    public = private_key.public_key().public_numbers()
    size = (public.n.bit_length() + 7) // 8
    return {"kty": "RSA", "n": b64url(public.n.to_bytes(size, "big")), "e": b64url(public.e.to_bytes(3, "big"))}
