"""Reads numbers and dates from platforms, whatever they send: too large, negative, or not a number at all."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

TOO_LARGE = 1e300  # above it our own arithmetic could overflow


def points(value: object) -> float | None:
    """Return a JSON number of points, None for anything else. It may be negative."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < TOO_LARGE:
        return None
    return float(value)


def written(text: str) -> float | None:
    """Return a number that is written as text; None if it is not a finite number."""
    try:
        value = float(text)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def http_date(text: str) -> datetime | None:
    """Return a date of an HTTP header, in UTC; None if it is not a date, or names no zone. (RFC 9110, 5.6.7)"""
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
