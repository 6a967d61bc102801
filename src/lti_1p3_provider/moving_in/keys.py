"""Names of keys as PyLTI1p3 gives them. A platform to which a key was pasted knows it only by this name."""

from __future__ import annotations

import base64
import json

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations import private_keys


def kid_of(pem: str) -> str:
    """Return the key's JWK thumbprint (RFC 7638) in base64url.

    Raises:
        KeyInvalid: it is not an RSA private key of at least 2048 bits.
    """
    jwk = private_keys.public_jwk(private_keys.read(pem))
    members = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return base64.urlsafe_b64encode(bytes.fromhex(digest(members))).rstrip(b"=").decode()
