"""How large a token may be. A request for content may carry state of the platform's own, which may be large."""

from __future__ import annotations

from lti_1p3_provider.lti import base64url
from lti_1p3_provider.lti.deep_linking import MESSAGE_TYPE

MAX_TOKEN = 64 * 1024  # characters
MAX_WITH_DATA = 1_600_000  # of a request for content: 256 kB of any characters, escaped


def limit(token: str) -> int:
    """Return how many characters a token may have, depending on the type that it claims. Nothing of it is parsed."""
    parts = token[: MAX_WITH_DATA + 1].split(".", 2)
    try:
        claims = base64url.decode(parts[1])
    except (IndexError, ValueError):
        return MAX_TOKEN
    return MAX_WITH_DATA if f'"{MESSAGE_TYPE}"'.encode() in claims else MAX_TOKEN
