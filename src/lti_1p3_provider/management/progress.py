"""A progress bar for commands that take long. It is drawn only on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

WIDTH = 30  # characters of the bar
PAUSE = 0.2  # seconds between two drawings

Item = TypeVar("Item")


class Stream(Protocol):
    """Where it is drawn."""

    def write(self, text: str) -> object:
        """Write a text as it is."""

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""

    def flush(self) -> object:
        """Show what was written."""


def followed(
    items: Iterable[Item], number: int, stream: Stream, clock: Callable[[], float] = time.monotonic
) -> Iterator[Item]:
    """Yield ``number`` items, and draw the progress on ``stream`` if it is a terminal. ``clock`` is in seconds."""
    if not stream.isatty():
        yield from items
        return
    started = drawn = clock()
    done = 0
    try:
        for done, item in enumerate(items):
            if done == 0 or clock() - drawn >= PAUSE:
                drawn = clock()
                _draw(stream, done, number, drawn - started)
            yield item
        done = number
    finally:
        _draw(stream, done, number, clock() - started)
        stream.write("\n")
        stream.flush()


def _draw(stream: Stream, done: int, number: int, seconds: float) -> None:
    part = done / number if number else 1.0
    bar = "#" * round(part * WIDTH)
    left = f", {_said(seconds * (number - done) / done)} left" if 0 < done < number else f" in {_said(seconds)}"
    stream.write(f"\r[{bar:{WIDTH}}] {done}/{number}{left if done else ''}   ")
    stream.flush()


def _said(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min"
