"""Strangers post nonsense to the doors of launches: it must neither fill the records nor hide others' refusals."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import requests

from demo.attack.figures import Figures
from demo.attack.server import Server
from demo.attack.site import TIMEOUT, Site, Visit
from demo.browser import Browser, forms

ROUNDS, POSTS, AT_ONCE = 3, 200, 4
COUNT = "SELECT COUNT(*) FROM lti_1p3_provider_launchattempt"


@dataclass(frozen=True)
class Junk(Figures):
    """``rows``: what was recorded of ``posts``, of which ``refused`` got a page; ``found``: how many of the ``genuine``
    refusals of learners between them the operator finds by their support codes."""

    posts: int
    refused: int
    rows: int
    genuine: int
    found: int
    seconds: float

    @property
    def held(self) -> bool:
        """Less than half is recorded (a minute may end on the way), and each genuine refusal is."""
        few = self.refused == self.posts > 0 and self.rows <= self.posts / 2
        return few and self.found == self.genuine > 0


def attack(site: Site, server: Server) -> Junk:
    """Post some, have a learner of the healthy platform refused, and so on; search the admin's pages for the latter."""
    (person,) = site.learners(1)
    ((before,),) = site.stored(COUNT)
    begun, refused, codes = time.monotonic(), 0, []
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            doors = [site.stack.facts["redirect_uri"], site.stack.facts["login_url"]]
            refused += sum(pool.map(_is_refused, doors * (POSTS // 2)))
        browser = Browser()
        page = browser.open(f"{site.stack.platform_url}/launch/outside?person={person}")
        codes.append(Visit(browser, page).support_code)
    seconds = time.monotonic() - begun
    ((after,),) = site.stored(COUNT)
    found = _found(site, codes)
    return Junk(ROUNDS * POSTS, refused, after - before - found, ROUNDS, found, seconds)


def _is_refused(url: str) -> bool:
    """Post what nobody posted before."""
    junk = uuid4().hex * 5
    fields = {"id_token": junk, "state": junk, "iss": junk, "login_hint": junk, "target_link_uri": junk}
    return 400 <= requests.post(url, data=fields, timeout=TIMEOUT).status_code < 500


def _found(site: Site, codes: list[str]) -> int:
    """Look for attempts as an operator does; return how many are there."""
    browser = Browser()
    page = browser.get(f"{site.lms}/admin/login/", timeout=TIMEOUT)
    form = forms(page)[0]
    form.fields |= {"username": "admin", "password": site.stack.facts["admin_password"]}
    form.action = page.url
    browser.submit(form)
    places = [f"{site.lms}/admin/lti_1p3_provider/launchattempt/?q={code}" for code in codes]
    pages = [browser.get(place, timeout=TIMEOUT).text for place in places]
    listed = [bool(code) and f">{code}</" in page for code, page in zip(codes, pages, strict=True)]
    return sum(listed)  # the search box, which has the code too, is no proof
