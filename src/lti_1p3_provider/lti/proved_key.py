"""The key of LTI 1.1 that a platform proves while it registers us in the place of that tool.

Moodle does: before it is asked to register, its registration endpoint says what the tool is now, with the key and a
hash that holds its secret (``oauth_consumer``). The hash holds nothing of the registration, so whoever has seen it once
could show it again: a caller takes each only once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import AnswerUnreadable
from lti_1p3_provider.lti import transport
from lti_1p3_provider.lti.dynamic_registration import TOOL
from lti_1p3_provider.lti.exchange import Answer, Request
from lti_1p3_provider.lti.platform_configuration import bearer
from lti_1p3_provider.lti.strict_json import parse_object

MEMBER = "oauth_consumer"
MAX_KEY = 255
NONCE = re.compile(r"[A-Za-z0-9]{8,64}")  # Moodle's; bytes that a hash is filled up with cannot stand in it
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ProvedKey:
    """A key, and what shows that somebody knows its secret."""

    key: str
    nonce: str
    sign: str


def ask(endpoint: str, token: str) -> ProvedKey | None:
    """Ask a platform which key of LTI 1.1 the tool has that is to be registered; None if it names none. ``token``: the
    platform's own, for this registration.

    Raises:
        AddressForbidden, PlatformUnreachable, TrustUnreadable
    """
    headers = {"Accept": "application/json", **bearer(token)}
    answer: Answer = transport.perform(Request("GET", endpoint, headers))  # type: ignore[assignment]
    try:
        return read(parse_object(answer.content())) if answer.ok else None
    except (ValueError, AnswerUnreadable):
        return None


def read(values: Any) -> ProvedKey | None:
    """Return what a tool's registration says of its key, as far as it can be read."""
    tool = values.get(TOOL)
    said = tool.get(MEMBER) if isinstance(tool, dict) else None
    if not isinstance(said, dict):
        return None
    key, nonce, sign = (said.get(name) for name in ("key", "nonce", "sign"))
    if not (isinstance(key, str) and isinstance(nonce, str) and isinstance(sign, str)):
        return None
    if not (0 < len(key) <= MAX_KEY and keeps(key) and NONCE.fullmatch(nonce) and HASH.fullmatch(sign)):
        return None
    return ProvedKey(key, nonce, sign)


def signature(secret: str, key: str, nonce: str) -> str:
    """Return what a platform that knows the secret of a key writes as ``sign``."""
    return hashlib.sha256(f"{key}{secret}{nonce}".encode("utf-8", "surrogatepass")).hexdigest()


def is_proved(secrets: tuple[str, ...], said: ProvedKey) -> bool:
    """Tell whether one of the secrets of the key made the hash. Each is tried, in constant time; an empty one proves
    nothing."""
    tried = [hmac.compare_digest(signature(secret, said.key, said.nonce), said.sign) for secret in secrets if secret]
    return any(tried)
