"""A platform says what no software expects: a date in the year 10^20, half a character in a column's address.

Its scores and others' are due at one moment, so that one batch has both. What is said about one costs no other.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from demo.attack.figures import Figures
from demo.attack.server import Asked, Script, Server, reply
from demo.attack.site import PROBLEM, UNIT, Site, wait_for
from demo.attack.tenant import Tenant

PEOPLE, COURSES = 4, 3
DATE = "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"
HALF = "\ud800"
MAX_WAIT = 20.0  # seconds until all other tenants' scores are there; units are collected for 5


@dataclass(frozen=True)
class Poison(Figures):
    """``hostile_posts``: scores that were answered with the date; ``hostile_lists``: requests for half a character;
    ``sent_again``: others' scores that came more than once, because what was known of them was lost."""

    delivered: int
    expected: int
    hostile_posts: int
    hostile_lists: int
    sent_again: int
    seconds: float

    @property
    def held(self) -> bool:
        """All of the others' scores came, but for a few once, and both poisons were taken."""
        came = self.delivered == self.expected > 0 and self.sent_again <= self.expected / 4
        return came and min(self.hostile_posts, self.hostile_lists) > 0


def attack(site: Site, server: Server) -> Poison:
    """Let learners of a poisonous, a quiet and the healthy tenant answer at the same time."""
    poisonous, quiet = Tenant(site, server, "poison").register(), Tenant(site, server, "beside-poison").register()
    server.routes[poisonous.columns("date").removeprefix(server.url)] = lambda asked: reply(
        status=503, headers={"Retry-After": DATE}
    )
    halves = Tenant(site, server, "half").register()
    server.routes[f"{halves.prefix}/lists"] = _half_a_character
    lists = {"lineitems": f"{halves.url}/lists"}
    people = site.learners(PEOPLE)
    link, unit = site.place(PROBLEM), site.place(UNIT)
    visits = []
    for number, person in enumerate(people):
        for course in range(COURSES):
            name = f"{number}-{course}"
            visits += [poisonous.launch(f"eve-{name}", f"date-{name}", target=site.target(UNIT))]
        visits += [halves.launch(f"eve-{number}", "list", target=site.target(UNIT), grading=lists)]
        visits += [poisonous.launch(f"mal-{number}", "date-at-once"), quiet.launch(f"amy-{number}", "quiet")]
        visits += [quiet.launch(f"ben-{number}", "quiet-unit", target=site.target(UNIT))]
        site.launch(link, person)
        visits += [site.launch(unit, person)]
    begun = time.monotonic()
    for visit in visits:
        visit.expect_content().answer()
    expected = 4 * PEOPLE

    def delivered() -> int:
        return site.scores(people) + quiet.full_scores()

    wait_for(lambda: delivered() == expected, MAX_WAIT)
    seconds = time.monotonic() - begun
    again = len(quiet.posts()) - quiet.full_scores()
    lists_read = len(server.asked_below(f"{halves.prefix}/lists"))
    return Poison(delivered(), expected, len(poisonous.posts("date")), lists_read, again, seconds)


def _half_a_character(asked: Asked) -> Script:
    """A list, or a column that was made in it, whose addresses no database keeps."""
    column = {"id": f"http://127.0.0.1/{HALF}", "label": HALF, "resourceLinkId": "list", "scoreMaximum": 6}
    return reply([column] if asked.method == "GET" else column)
