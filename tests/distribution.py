"""Which tests of a parallel run belong together, and which begin: what takes longest comes first, so that all processes
end together, and what waits for servers runs beside what computes.

Every other process begins with what waits, the others with what computes, at a lower priority: they fill the time in
which the first ones wait, and must not be the reason why a server answers late. ``make test`` has two of each, on two
processors.
"""

from __future__ import annotations

import os
import re
from typing import Any

from xdist.scheduler.loadscope import LoadScopeScheduling

# What shares servers, a browser or what was parsed stays in one process. Everything else goes file by file.
TOGETHER = tuple(
    f"tests/{name}" for name in ("faults", "browser", "processes", "interop", "tutor", "webkit", "architecture")
)
ALONE = "tests/faults/test_databases.py"  # each is a test run of its own
CHARACTERS, DATABASES = f"{ALONE}::test_characters_on", f"{ALONE}::test_what_is_a_databases_own_on"
WAITING = ("tests/faults", "tests/browser", "tests/processes", "tests/interop", "tests/webkit")
# Of the tests in a browser, those for which LMS and platform are two sites; they share nothing with the others, and
# take longer than one process should.
TWO_SITES = tuple(f"tests/browser/test_{name}.py" for name in ("accessible", "picking", "registering"))
OTHER_SITES = tuple(f"tests/browser/test_{name}.py" for name in ("blocked_cookies", "linking"))
OTHER_PLACE = "tests/browser of two other sites"
FOLDER = re.compile(r"tests/\w+")
LOWER = 5  # by how much less important what computes is, in steps of nice
# How long a test of each place or folder takes with its servers and browsers, in seconds of a processor. Of what is
# left, a process takes what takes longest: whatever begins late and takes minutes lets the others wait at the end.
SECONDS = {
    DATABASES: 30.0,
    CHARACTERS: 6.0,
    OTHER_PLACE: 4.0,
    "tests/faults": 5.0,
    "tests/browser": 2.5,
    "tests/webkit": 4.0,
    "tests/processes": 2.0,
    "tests/interop": 0.5,
    "tests/tutor": 0.3,
    "tests/properties": 0.3,
    "tests/flows": 0.15,
    "tests/architecture": 0.1,
    "tests/contract": 0.06,
    "tests/unit": 0.02,
}


def place(nodeid: str) -> str:
    """Return what names the tests that stay together with this one."""
    if nodeid.startswith(ALONE):
        return nodeid
    if nodeid.startswith(TWO_SITES):
        return "tests/browser of two sites"
    if nodeid.startswith(OTHER_SITES):
        return OTHER_PLACE
    folder = folder_of(nodeid)
    return folder if folder in TOGETHER else nodeid.partition("::")[0]


def rank(place: str, tests: int, process: str = "gw0") -> tuple[bool, float]:
    """Return where tests that stay together come in a process of pytest-xdist: the smallest first."""
    waits = folder_of(place) in WAITING
    return (waits is computes_first(process), -seconds(place, tests))


def seconds(place: str, tests: int) -> float:
    """Return how long so many tests that stay together take, about."""
    known = place.partition("[")[0]
    return tests * SECONDS.get(known, SECONDS.get(folder_of(place), 0))


def computes_first(process: str) -> bool:
    """Tell whether a process, "gw0" and so on, begins with what computes; whatever has no number does not."""
    number = process.removeprefix("gw")
    return number.isdecimal() and int(number) % 2 == 1


def make_room(process: str) -> None:
    """Lower this process's priority if it is one that computes."""
    if computes_first(process) and hasattr(os, "nice"):
        os.nice(LOWER)


def folder_of(nodeid: str) -> str:
    """Return the folder below ``tests`` that a test is in; empty for one that is in none."""
    found = FOLDER.match(nodeid)
    return found[0] if found else ""


class InOrder(LoadScopeScheduling):
    """Gives each process that has nothing more to do the tests that come first."""

    def _split_scope(self, nodeid: str) -> str:
        return place(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        first = min(self.workqueue, key=lambda one: rank(one, len(self.workqueue[one]), node.gateway.id))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
