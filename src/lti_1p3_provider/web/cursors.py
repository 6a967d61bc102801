"""Texts that say where a list goes on. They come back from the browser, so one that is broken starts anew."""

from __future__ import annotations

import base64
import json


def text(place: tuple[str, ...] | None) -> str:
    """Return the text of a place; empty for none."""
    if place is None:
        return ""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place(text: str) -> tuple[str, str] | None:
    """Return the place that a text says; None if it says none."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    if not (isinstance(found, list) and len(found) == 2 and all(isinstance(part, str) for part in found)):
        return None
    return found[0], found[1]
