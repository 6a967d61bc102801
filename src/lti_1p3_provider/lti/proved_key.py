"""The key of LTI 1.1 that a platform proves when it registers us in place of the tool with that key.

Moodle does so. Before it is asked to register us, its registration endpoint says what the tool is now, with the key and
a hash made with its secret (``oauth_consumer``). The hash covers nothing of the registration, so somebody who has seen
it once could show it again. A caller accepts each only once.
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
    """A key, and the proof that somebody knows its secret."""

    key: str
    nonce: str
    sign: str


def ask(endpoint: str, token: str) -> ProvedKey | None:
    """Ask a platform for the LTI 1.1 key of the tool that is to be registered; None if it names none. ``token``: the
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
    """Return what a tool's registration says about its key, if it can be read."""
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
    """Return the ``sign`` that a platform with the key's secret would send."""
    return hashlib.sha256(f"{key}{secret}{nonce}".encode("utf-8", "surrogatepass")).hexdigest()


def is_proved(secrets: tuple[str, ...], said: ProvedKey) -> bool:
    """Tell whether the hash was made with one of the key's secrets. Each is tried, in constant time; an empty secret
    never counts."""
    tried = [hmac.compare_digest(signature(secret, said.key, said.nonce), said.sign) for secret in secrets if secret]
    return any(tried)
