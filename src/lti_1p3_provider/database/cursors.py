"""Texts that say where a list goes on. They come back from the browser; an invalid one starts the list anew."""

from __future__ import annotations

import base64
import json

from lti_1p3_provider.database.storable import keeps

MAX_TEXT = 4000  # a title, and the key of a course; what is longer, or nested deeply, somebody made up


def text(place: tuple[str, ...] | None) -> str:
    """Return the text for a place; empty for none."""
    if place is None:
        return ""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place(text: str) -> tuple[str, str] | None:
    """Return the place that a text stands for; None if there is none, or it is one that no database can have."""
    if len(text) > MAX_TEXT:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return None
    if not (
        isinstance(found, list) and len(found) == 2 and all(isinstance(part, str) and keeps(part) for part in found)
    ):
        return None
    return found[0], found[1]
