"""Digests of identifiers that platforms made.

They are compared byte by byte and may be long, while databases ignore case (MySQL) and limit the length of an index. So
a row is found by the digest of its identifier.
"""

from __future__ import annotations

import hashlib

DIGEST_LENGTH = 64


def digest(text: str) -> str:
    """Return the SHA-256 of ``text`` as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
