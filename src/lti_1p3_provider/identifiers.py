"""Digests of other systems' identifiers.

Identifiers of platforms are compared byte by byte and may be long, while databases fold case (MySQL) and limit the
length of an index. So a row is found by the digest of the identifier.
"""

from __future__ import annotations

import hashlib

DIGEST_LENGTH = 64


def digest(text: str) -> str:
    """Return the SHA-256 of ``text`` as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
