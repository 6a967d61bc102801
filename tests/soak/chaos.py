"""The faults of a soak: one after another, chosen by a seeded generator, each mended before the next."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from demo.platform import Platform
from tests.faults.site import LEASE, Site

CALM = 1.0  # seconds between two


@dataclass
class Chaos:
    """``done`` counts what was done. Two platforms: most faults hit one of them only."""

    site: Site
    platforms: tuple[Platform, ...]
    workers: int
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def run(self, stop: Event) -> None:
        """Do one thing after another until told to stop, and leave everything mended."""
        while not stop.wait(self.chance.uniform(0.2, 2 * CALM)):
            what = self.chance.choice(self._faults())
            self.done[what.__name__.strip("_")] += 1
            what()
            self.site.have_workers(self.workers)

    def mend(self) -> None:
        """End all faults."""
        for platform in self.platforms:
            platform.faults.clear()
            platform.stopped = False
        self.site.set_clock(0)
        self.site.have_workers(self.workers)

    def _faults(self) -> list[Callable[[], None]]:
        often = [self._answers_lost, self._bursts, self._floods, self._tokens_die, self._slow, self._pool_killed]
        rare = [self._machine_dies, self._sleeps, self._database, self._broker, self._away, self._clock]
        return [*often, *often, *rare]

    def _platform(self) -> Platform:
        return self.chance.choice(self.platforms)

    def _answers_lost(self) -> None:
        self._platform().faults.set("lost_answer", endpoint="scores", times=self.chance.randint(1, 5))

    def _bursts(self) -> None:
        status = self.chance.choice((500, 502, 503, 504))
        self._platform().faults.set("status", endpoint="scores", status=status, times=self.chance.randint(1, 10))

    def _floods(self) -> None:
        self._platform().faults.set("status", endpoint="scores", status=429, retry_after=1, times=3)

    def _tokens_die(self) -> None:
        self._platform().access_tokens.clear()

    def _slow(self) -> None:
        self._platform().faults.set("slow", endpoint="scores", seconds=0.5, times=self.chance.randint(1, 10))

    def _pool_killed(self) -> None:
        self.chance.choice(self.site.workers).kill_pool()

    def _machine_dies(self) -> None:
        self.chance.choice(self.site.workers).crash()

    def _sleeps(self) -> None:
        worker = self.chance.choice(self.site.workers)
        worker.freeze()
        time.sleep(LEASE + 1)
        worker.thaw()

    def _database(self) -> None:
        self.site.mariadb.restart()

    def _broker(self) -> None:
        self.site.redis.restart()

    def _away(self) -> None:
        platform = self._platform()
        platform.stopped = True
        time.sleep(self.chance.uniform(1, 5))
        platform.stopped = False

    def _clock(self) -> None:
        self.site.set_clock(self.chance.choice((0, 1, 2, 3)))
