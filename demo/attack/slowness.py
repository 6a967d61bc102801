"""Platforms that are slow and successful: each page of an endless list comes in time, in many courses at once."""

from __future__ import annotations

from dataclasses import dataclass

from demo.attack.figures import Figures
from demo.attack.server import Asked, Script, Server, reply
from demo.attack.site import PROBLEM, Site, wait_for, watched
from demo.attack.tenant import Tenant

TENANTS, COURSES = 2, 10
PAGE = 3.0  # seconds
PATIENCE = 45.0  # seconds for which the script waits for the healthy score
MAX_SECONDS = 30.0  # a score may have 20 in all, and one is under way in each of the demo's two workers
MAX_THREADS = 40  # 16 for each of them, and some that watch over time


@dataclass(frozen=True)
class Slowness(Figures):
    """``seconds`` until another platform's score was there, none if it was not; ``threads``: how many more the process
    had at most; ``pages``: how many were read meanwhile, in ``courses``."""

    seconds: float | None
    threads: int
    pages: int
    courses: int

    @property
    def held(self) -> bool:
        """The score came in time, while the slow platforms were being read."""
        in_time = self.seconds is not None and self.seconds <= MAX_SECONDS
        return in_time and self.threads <= MAX_THREADS and self.courses > 0


def attack(site: Site, server: Server) -> Slowness:
    """Have the slow platforms' learners answer, and then one of the healthy platform."""
    (person,) = site.learners(1)
    healthy = site.launch(site.place(PROBLEM), person)
    visits = []
    for number in range(TENANTS):
        slow = Tenant(site, server, f"slow-{number}").register()
        server.routes[f"{slow.prefix}/lists"] = _page
        for course in range(COURSES):
            lists = {"lineitems": f"{slow.url}/lists/{course}"}
            visits.append(slow.launch(f"eve-{course}", f"link-{course}", grading=lists).expect_content())
    before = site.process.threads()
    for visit in visits:
        visit.answer()
    wait_for(lambda: len(_courses(server)) >= TENANTS * COURSES / 2, 2 * PAGE)  # the workers are busy now
    with watched(site.process.threads) as threads:
        healthy.answer()
        seconds = wait_for(lambda: site.scores([person]), PATIENCE)
    return Slowness(seconds, max(threads.most - before, 0), len(_pages(server)), len(_courses(server)))


def _pages(server: Server) -> list[str]:
    return [asked.path for asked in server.asked_below("/slow-", "GET") if "/lists/" in asked.path]


def _courses(server: Server) -> set[str]:
    return {path.partition("/page-")[0] for path in _pages(server)}


def _page(asked: Asked) -> Script:
    """An empty page, and always one more."""
    path, _, page = asked.path.partition("/page-")
    following = f'<{path}/page-{int(page or 0) + 1}>; rel="next"'
    return (PAGE, *reply([], headers={"Link": following}))
