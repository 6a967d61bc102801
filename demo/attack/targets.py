"""Somebody launches a link with another target, rightly signed: what others earned through that link stays theirs."""

from __future__ import annotations

import time
from dataclasses import dataclass

from demo.attack.figures import Figures
from demo.attack.server import Server
from demo.attack.site import OTHER_PROBLEM, WRONG, Site, wait_for
from demo.attack.tenant import Tenant

PEOPLE = 3
MAX_WAIT = 10.0  # seconds until a score is there
QUIET = 3.0  # seconds in which nothing may come; the demo's worker looks each second


@dataclass(frozen=True)
class Targets(Figures):
    """``posted``: scores before the other target; ``moved``: others' scores that were posted because of it;
    ``own_block``: whose next answer was still about their own block, of ``people``."""

    people: int
    posted: int
    moved: int
    own_block: int

    @property
    def held(self) -> bool:
        """Nothing of the others moved."""
        return self.posted == self.own_block == self.people > 0 and self.moved == 0


def attack(site: Site, server: Server) -> Targets:
    """Launch the link of a class with the target of another problem, as a teacher, one more and one of them."""
    tenant = Tenant(site, server, "re-pointing").register()
    people = {name: tenant.launch(name, "link").expect_content() for name in (f"amy-{n}" for n in range(PEOPLE))}
    for visit in people.values():
        visit.answer()
    wait_for(lambda: tenant.full_scores("link") == PEOPLE, MAX_WAIT)
    posted = len(tenant.posts("link"))
    tenant.launch("mal", "link").expect_content()  # of the class too, so that there is something to move
    for person in ("teacher-eve", "eve", "mal"):
        tenant.launch(person, "link", target=site.target(OTHER_PROBLEM)).expect_content().answer(WRONG)
    time.sleep(QUIET)
    moved = [post for post in tenant.posts("link")[posted:] if post.json()["userId"] in people]
    before = len(tenant.posts("link"))
    for visit in people.values():
        visit.answer(WRONG)

    def about_own_block() -> int:
        said = [post.json() for post in tenant.posts("link")[before:]]
        wanted = {(name, 0, 4) for name in people}
        return len(wanted & {(one["userId"], one.get("scoreGiven"), one.get("scoreMaximum")) for one in said})

    wait_for(lambda: about_own_block() == PEOPLE, MAX_WAIT)
    return Targets(PEOPLE, posted, len(moved), about_own_block())
