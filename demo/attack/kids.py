"""Launches with invented names of keys, of platforms whose key set never answers: they must not take all threads."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

from demo.attack.figures import Figures
from demo.attack.server import Asked, Script, Server
from demo.attack.site import PROBLEM, Site, watched
from demo.attack.tenant import Tenant

TENANTS, AT_ONCE, ROUNDS = 3, 12, 2
HANGS = 30.0  # seconds
AT_ONCE_SECONDS = 2.5  # in which a launch that may not wait is told so; a place is waited for 1.5
MAX_PLACES = 2  # what the product's reference promises for a process
MAX_MEDIAN_MS, MAX_MS = 1000.0, 3500.0  # of a healthy launch meanwhile
BUSY = 4.0  # and on a busy machine so many times what one takes before, if that is more
CALM = 5  # launches before


@dataclass(frozen=True)
class Kids(Figures):
    """``places``: key sets that were waited for at once; ``refused_at_once`` of ``launches``; the rest in milliseconds:
    healthy launches while this goes on, and before."""

    launches: int
    refused_at_once: int
    places: int
    healthy_launches: int
    healthy_median_ms: float
    healthy_worst_ms: float
    calm_ms: float

    @property
    def held(self) -> bool:
        """Few threads wait, most hostile launches are refused at once, and healthy ones go on."""
        few = 0 < self.places <= MAX_PLACES and self.refused_at_once >= self.launches / 2
        more = BUSY * self.calm_ms
        quick = self.healthy_median_ms <= max(MAX_MEDIAN_MS, more) and self.healthy_worst_ms <= max(MAX_MS, more)
        return few and quick and self.healthy_launches > 0


def attack(site: Site, server: Server) -> Kids:
    """Launch with invented kids, many at once, and as a healthy learner again and again."""
    tenants = []
    for number in range(TENANTS):
        tenants.append(Tenant(site, server, f"hanging-{number}").register())
        server.routes[f"/hanging-{number}/jwks"] = _hang
    (person,) = site.learners(1)
    link = site.place(PROBLEM)
    over = threading.Event()
    took: list[float] = []

    def launch() -> float:
        begun = time.monotonic()
        site.launch(link, person)
        return (time.monotonic() - begun) * 1000

    def invented(number: int) -> bool:
        begun = time.monotonic()
        visit = tenants[number % TENANTS].launch(f"eve-{number}", "link", kid=uuid4().hex)
        return visit.refusal == "key_set_busy" and time.monotonic() - begun < AT_ONCE_SECONDS

    def healthy() -> None:
        while not over.is_set():
            took.append(launch())

    calm = statistics.median(launch() for _ in range(CALM))
    hanging = watched(lambda: server.open_below("/hanging-"))
    with hanging as places, ThreadPoolExecutor(AT_ONCE + 1) as pool:
        beside = pool.submit(healthy)
        at_once = sum(pool.map(invented, range(AT_ONCE * ROUNDS)))
        over.set()
        beside.result()
    return Kids(AT_ONCE * ROUNDS, at_once, places.most, len(took), statistics.median(took), max(took), calm)


def _hang(asked: Asked) -> Script:
    """Say nothing for so long that everybody has given up."""
    return (HANGS,)
