"""A picture of days: where each bar of an inline SVG stands. The page has the same numbers in a table."""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.scores.outbox.tallies import KINDS, Day

WIDTH, HEIGHT = 560, 140  # of the bars, in the SVG's own units
GAP = 8


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar; ``kind`` is one of ``KINDS``."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. Parts stand on each other."""

    day: Day
    x: float
    width: float
    middle: float
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Picture:
    """All bars; the highest is ``most``."""

    bars: list[Bar]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def picture(days: list[Day]) -> Picture:
    """Return the bars of days, scaled to the busiest of them."""
    most = max((day.delivered + day.postponed + day.parked for day in days), default=0)
    step = WIDTH / max(1, len(days))
    return Picture([_bar(day, number * step, step, most) for number, day in enumerate(days)], most)


def _bar(day: Day, left: float, step: float, most: int) -> Bar:
    parts, top = [], float(HEIGHT)
    for kind in KINDS:
        if number := getattr(day, kind):
            height = max(1.0, round(HEIGHT * number / most, 1))  # one of a thousand is still to be seen
            top -= height
            parts.append(Part(kind, round(top, 1), height))
    return Bar(day, round(left + GAP / 2, 1), round(step - GAP, 1), round(left + step / 2, 1), parts)
