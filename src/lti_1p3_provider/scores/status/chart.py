"""A picture of days: where each bar of an inline SVG stands (``bars.html`` draws it). The page has the same numbers
in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lti_1p3_provider.scores.outbox.tallies import KINDS


@dataclass(frozen=True, slots=True)
class Size:
    """Of all bars together, and of the gap between two, in the SVG's own units."""

    width: int = 560
    height: int = 140
    gap: int = 8


LARGE = Size()


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. Parts stand on each other."""

    day: Any
    x: float
    width: float
    middle: float
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Picture:
    """All bars; the highest is ``most``."""

    bars: list[Bar]
    most: int
    width: int
    height: int


def picture(days: Sequence[Any], kinds: Sequence[str] = KINDS, size: Size = LARGE) -> Picture:
    """Return the bars of days, scaled to the busiest of them. ``kinds``: attributes of a day that are numbers, the
    lowest part first."""
    most = max((sum(getattr(day, kind) for kind in kinds) for day in days), default=0)
    step = size.width / max(1, len(days))
    bars = [_bar(_parts(day, kinds, size, most), day, number * step, step, size) for number, day in enumerate(days)]
    return Picture(bars, most, size.width, size.height)


def _parts(day: Any, kinds: Sequence[str], size: Size, most: int) -> list[Part]:
    parts, top = [], float(size.height)
    for kind in kinds:
        if number := getattr(day, kind):
            height = max(1.0, round(size.height * number / most, 1))  # one of a thousand is still to be seen
            top -= height
            parts.append(Part(kind, round(top, 1), height))
    return parts


def _bar(parts: list[Part], day: Any, left: float, step: float, size: Size) -> Bar:
    return Bar(day, round(left + size.gap / 2, 1), round(step - size.gap, 1), round(left + step / 2, 1), parts)
