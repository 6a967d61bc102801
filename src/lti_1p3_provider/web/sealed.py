"""Encrypts what one of our pages carries to the next, and what is stored for a while: nobody can read or change it.

So a form needs no cookie, and a page that somebody saves holds no secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lti_1p3_provider.conf import conf


def seal(purpose: str, values: Mapping[str, Any]) -> str:
    """Return JSON values as text that only ``unseal`` can open, for the same ``purpose``."""
    return box(purpose, conf.key_secrets).encrypt(json.dumps(dict(values)).encode()).decode()


def unseal(purpose: str, text: str, seconds: int) -> dict[str, Any]:
    """Return what was sealed not more than so many seconds ago.

    Raises:
        ValueError: it is older, was sealed for something else, or not here.
    """
    try:
        opened: dict[str, Any] = json.loads(box(purpose, conf.key_secrets).decrypt(text.encode(), ttl=seconds))
    except InvalidToken as error:
        raise ValueError("not sealed here, for this, or recently") from error
    return opened


def box(purpose: str, secrets: Iterable[str]) -> MultiFernet:
    """Return an object that encrypts with the first secret and decrypts with any, for one ``purpose``."""
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])


def _key(secret: str, purpose: str) -> bytes:
    derive = HKDF(hashes.SHA256(), length=32, salt=None, info=f"lti_1p3_provider {purpose}".encode())
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
