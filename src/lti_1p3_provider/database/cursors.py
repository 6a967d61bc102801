"""Texts that say where a list goes on. They come back from the browser, so one that is broken starts anew."""

from __future__ import annotations

import base64
import json

from lti_1p3_provider.database.storable import keeps

MAX_TEXT = 4000  # a title, and the key of a course; what is longer, or nested deeply, somebody made up


def text(place: tuple[str, ...] | None) -> str:
    """Return the text of a place; empty for none."""
    if place is None:
        return ""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place(text: str) -> tuple[str, str] | None:
    """Return the place that a text says; None if it says none, or one that no database has."""
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
