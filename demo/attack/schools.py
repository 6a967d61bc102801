"""Schools share one registration, as with Canvas: one of them, or one host, asks to be left alone for a day."""

from __future__ import annotations

import time
from dataclasses import dataclass

from demo.attack.figures import Figures
from demo.attack.server import Server, reply
from demo.attack.site import Site, Visit, wait_for
from demo.attack.tenant import Tenant

PEOPLE = 3
DAY = 24 * 3600
MAX_WAIT = 15.0  # seconds


@dataclass(frozen=True)
class Schools(Figures):
    """``refused``: scores that were answered with 429; ``delivered``: of the others."""

    delivered: int
    expected: int
    refused: int
    seconds: float

    @property
    def held(self) -> bool:
        """The other deployment's scores came, and those of the other host of the same deployment."""
        return self.delivered == self.expected > 0 and self.refused >= 2


def attack(site: Site, server: Server) -> Schools:
    """Have the school in the north refuse everything, and the east one at one of its two hosts."""
    with Server() as elsewhere:
        shared = Tenant(site, server, "shared")
        shared.register(["north", "south", "east"], other_hosts=[elsewhere.url])
        elsewhere.routes[f"{shared.prefix}/columns"] = lambda asked: reply()
        sick, well = {"lineitem": shared.columns("sick")}, {"lineitem": shared.columns("well", elsewhere)}
        server.routes[f"{shared.prefix}/columns/sick"] = lambda asked: reply(
            status=429, headers={"Retry-After": str(DAY)}
        )
        grading = {"north": sick, "south": well, "east": well, "east, sick": sick}
        visits = {
            name: [
                shared.launch(f"{name}-{number}", f"link {name}", deployment=name[:5].strip(","), grading=where)
                for number in range(PEOPLE)
            ]
            for name, where in grading.items()
        }
        for name in ("north", "east, sick"):
            _refused(shared, visits[name])
        begun = time.monotonic()
        for visit in (*visits["south"], *visits["east"]):
            visit.expect_content().answer()
        wait_for(lambda: shared.full_scores("well", elsewhere) == 2 * PEOPLE, MAX_WAIT)
        seconds = time.monotonic() - begun
        return Schools(shared.full_scores("well", elsewhere), 2 * PEOPLE, len(shared.posts("sick")), seconds)


def _refused(shared: Tenant, visits: list[Visit]) -> None:
    """Answer, and wait until one of the scores was refused."""
    before = len(shared.posts("sick"))
    for visit in visits:
        visit.expect_content().answer()
    wait_for(lambda: len(shared.posts("sick")) > before, MAX_WAIT)
