"""Base64url as a JWS uses it, strictly: each content has exactly one spelling. (RFC 7515, 2 and appendix C)

Python and older PyJWT skip characters outside the alphabet, accept both alphabets and padding, and ignore left-over
bits. With them a token would have many spellings, with anything at all inside.
"""

from __future__ import annotations

import base64
import re

ALPHABET = re.compile(r"[A-Za-z0-9_-]+")


def decode(text: str) -> bytes:
    """Return what ``text`` stands for.

    Raises:
        ValueError: it is empty, padded, or holds a character or bits that do not belong there.
    """
    if not ALPHABET.fullmatch(text) or len(text) % 4 == 1:
        raise ValueError("not base64url without padding")
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(decoded).decode().rstrip("=") != text:
        raise ValueError("not the one way to write this in base64url")
    return decoded
