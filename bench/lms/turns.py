"""Takes two sides in turns and counts processor time, so that what disturbs the machine meets both."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

DEPTHS, STRIDE = 160, 11  # calls: frames of 120 bytes, in pieces of 16 kB; both sides of a round are alike
Step = Callable[[int], float]  # takes the number of the round, returns seconds of processor time


@dataclass(frozen=True)
class Taken:
    """Milliseconds of both sides, one of each for each round."""

    ours: list[float]
    baseline: list[float]

    @property
    def ours_ms(self) -> float:
        """The median."""
        return _middle(self.ours)

    @property
    def baseline_ms(self) -> float:
        """The median."""
        return _middle(self.baseline)

    @property
    def times(self) -> float:
        """The median of how many times as long ours takes as the baseline beside it: both meet the same machine. 0 if
        a baseline took no time that can be measured."""
        if not all(self.baseline):
            return 0.0
        return _middle([ours / baseline for ours, baseline in zip(self.ours, self.baseline, strict=True)])

    @property
    def more_ms(self) -> float:
        """The median of how much more ours takes than the baseline beside it."""
        return _middle([ours - baseline for ours, baseline in zip(self.ours, self.baseline, strict=True)])

    def details(self) -> dict[str, float]:
        """Return medians, and the fastest tenths, which a busy machine disturbs least."""
        ours, baseline = (statistics.quantiles(side, n=10)[0] for side in (self.ours, self.baseline))
        return {
            "ours_ms": self.ours_ms,
            "baseline_ms": self.baseline_ms,
            "fastest_tenth_ours_ms": round(ours, 3),
            "fastest_tenth_baseline_ms": round(baseline, 3),
            "pairs": len(self.ours),
        }


def in_turns(ours: Step, baseline: Step, rounds: int, warm_up: int) -> Taken:
    """Take both sides once in each round, the other one first in every second round."""
    taken: tuple[list[float], list[float]] = ([], [])
    with _young_garbage_only():
        for number in range(-warm_up, rounds):
            order: Sequence[tuple[int, Step]] = ((0, ours), (1, baseline))
            for side, step in order if number % 2 else reversed(order):
                gc.collect()  # what one side leaves is not cleared away by the other
                milliseconds = _deeper(number * STRIDE % DEPTHS, partial(step, number + warm_up)) * 1000
                if number >= 0:
                    taken[side].append(milliseconds)
    return Taken(*taken)


def _deeper(frames: int, step: Callable[[], float]) -> float:
    """Take a step below so many calls. Python keeps the frames of calls in pieces of memory; a function that is called
    again and again just where one piece ends makes it ask for the next one each time, and give it back. Which function
    that is, and on which side, depends on nothing but how deep it is, and made one of two equal pages take a tenth
    longer. So each round is at another depth."""
    return _deeper(frames - 1, step) if frames > 0 else step()


@contextmanager
def _young_garbage_only() -> Iterator[None]:
    """Let Python look for garbage among what is made from now on: courses and modules, which are there already, take
    more than half a second each time, and whichever round meets that."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _middle(values: Sequence[float]) -> float:
    return round(statistics.median(values), 3)
