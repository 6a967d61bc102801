"""A sentence with times in it. A page, a terminal and a script each show the times in their own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.utils.formats import date_format, number_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe


def iso(at: datetime) -> str:
    """Return a time as scripts read it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def as_time(at: datetime) -> SafeString:
    """Return a time for a page: in UTC, until a script shows it in the browser's own zone."""
    utc = at.astimezone(UTC)
    return format_html('<time datetime="{}">{} UTC</time>', iso(at), date_format(utc, "j M Y H:i"))


def points(given: float | None, maximum: float | None) -> str:
    """Return points out of points, with at most two digits after the point; empty if they are not known."""
    if given is None:
        return ""
    return "/".join(_number(value) for value in (given, maximum) if value is not None)


def _number(value: float) -> str:
    return number_format(f"{value:.2f}".rstrip("0").rstrip("."))


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` names each of ``moments`` as ``{name}``."""

    text: str
    moments: Mapping[str, datetime] = field(default_factory=dict)

    def __str__(self) -> str:
        text = self.text
        for name, at in self.moments.items():
            text = text.replace(f"{{{name}}}", iso(at))
        return text

    @property
    def html(self) -> str:
        """The sentence for a page."""
        text = escape(self.text)
        for name, at in self.moments.items():
            text = mark_safe(text.replace(f"{{{name}}}", as_time(at)))  # noqa: S308  # escaped above
        return text
