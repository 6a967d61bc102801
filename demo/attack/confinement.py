"""A learner of a platform that may open one block tries to reach the rest of the site with the launch's session."""

from __future__ import annotations

from dataclasses import dataclass

from demo.attack.figures import Figures
from demo.attack.server import Server
from demo.attack.site import COURSE_KEY, OTHER_PROBLEM, PROBLEM, RIGHT, TIMEOUT, UNIT, Site, Visit
from demo.attack.tenant import Tenant
from demo.stack import OTHER

OTHER_COURSE = OTHER.partition("/")[0]


@dataclass(frozen=True)
class Confinement(Figures):
    """``refused`` of ``tried`` requests for other things; ``own_before`` and ``own_after``: the statuses of answers to
    the launched problem; ``other_launch``: how a launch of another block was refused."""

    tried: int
    refused: int
    own_before: int
    own_after: int
    other_launch: str

    @property
    def held(self) -> bool:
        """Everything else is refused, and the launched problem works."""
        own = (self.own_before, self.own_after) == (200, 200)
        return self.refused == self.tried > 0 and own and self.other_launch == "gate_closed"


def attack(site: Site, server: Server) -> Confinement:
    """Launch the one block, then ask for others by their handlers, pages and interfaces."""
    tenant = Tenant(site, server, "one-block").register(block=PROBLEM)
    other = tenant.launch("eve", "another", target=site.target(OTHER_PROBLEM)).refusal
    visit = tenant.launch("eve", "own").expect_content()
    before = _answer(site, visit, PROBLEM)
    statuses = [_answer(site, visit, block) for block in (OTHER_PROBLEM, *SPELLINGS)]
    statuses += [_get(site, visit, path) for path in PAGES]
    statuses.append(visit.post(f"{site.lms}/change_enrollment", {"course_id": COURSE_KEY}).status_code)
    statuses.append(visit.post(f"{site.lms}/account/settings", {"email": "eve@evil.example"}).status_code)
    after = _answer(site, visit, PROBLEM)
    return Confinement(len(statuses), sum(status in (403, 404) for status in statuses), before, after, other)


SPELLINGS = (
    OTHER_PROBLEM.replace("+", "%2B").replace("@", "%40"),
    OTHER_PROBLEM.replace("+", "%252B"),
    "i4x:;_;_DemoX;_LTI101;_problem;_white_light",
    PROBLEM.replace("+type@", "+branch@draft-branch+type@"),
)
PAGES = (
    f"/xblock/{OTHER_PROBLEM}",
    f"/xblock/{UNIT}",
    f"/xblock/{PROBLEM}?usage_id={OTHER_PROBLEM}",
    f"/lti/1p3/launch/{COURSE_KEY}/{OTHER_PROBLEM}",
    f"/courses/{COURSE_KEY}/home",
    f"/api/courses/{COURSE_KEY}",
    f"/api/courses/{OTHER_COURSE}",
    "/account/settings",
    "/courses/",
)


def _answer(site: Site, visit: Visit, block: str) -> int:
    return visit.post(site.handler(block), {"input_1": RIGHT}).status_code


def _get(site: Site, visit: Visit, path: str) -> int:
    return visit.browser.get(f"{site.lms}{path}", timeout=TIMEOUT).status_code
