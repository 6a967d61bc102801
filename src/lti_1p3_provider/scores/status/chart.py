"""A picture of days: the positions of the bars in an inline SVG (``bars.html`` draws it). The page has the same numbers
in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from lti_1p3_provider.scores.outbox.tallies import KINDS


@dataclass(frozen=True, slots=True)
class Size:
    """Of all bars together, and of the gap between two, in the SVG's own units."""

    width: int = 560
    height: int = 140
    gap: int = 8


LARGE = Size()


@dataclass(frozen=True, slots=True)
class Layer:
    """The pieces of all bars that are of one kind, as an SVG path."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, and where its middle is."""

    day: Any
    middle: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All bars; the highest is ``most``. The pieces of a bar are stacked."""

    bars: list[Bar]
    layers: list[Layer]
    most: int
    width: int
    height: int

    @property
    def paths(self) -> SafeString:
        """The pieces, for the inside of an SVG."""
        found = ((layer.kind, layer.path) for layer in self.layers)
        return format_html_join("", '<path class="lti-{}" d="{}"></path>', found)


def picture(days: Sequence[Any], kinds: Sequence[str] = KINDS, size: Size = LARGE) -> Picture:
    """Return the bars of days, scaled to the busiest of them. ``kinds``: attributes of a day that are numbers, the
    lowest piece first."""
    most = max((sum(getattr(day, kind) for kind in kinds) for day in days), default=0)
    step = size.width / max(1, len(days))
    bars = [Bar(day, f"{(number + 0.5) * step:.1f}") for number, day in enumerate(days)]
    tops, layers = [float(size.height)] * len(days), []
    for kind in kinds:
        pieces = []
        for number, day in enumerate(days):
            if counted := getattr(day, kind):
                height = max(1.0, round(size.height * counted / most, 1))  # one of a thousand is still to be seen
                tops[number] -= height
                pieces.append(_box(number * step + size.gap / 2, tops[number], step - size.gap, height))
        if pieces:
            layers.append(Layer(kind, "".join(pieces)))
    return Picture(bars, layers, most, size.width, size.height)


def _box(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"
