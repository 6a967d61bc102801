"""Which tests of a parallel run belong together, and which begin: what takes longest comes first, so that all processes
end together, and what waits for servers runs beside what computes."""

from __future__ import annotations

import re
from typing import Any

from xdist.scheduler.loadscope import LoadScopeScheduling

# What shares servers or a browser stays in one process. Everything else goes file by file.
TOGETHER = ("tests/faults", "tests/browser", "tests/processes", "tests/interop", "tests/tutor", "tests/webkit")
ALONE = "tests/faults/test_databases.py"  # each is a test run of its own
ORDER = (*TOGETHER, "tests/flows", "tests/properties", "tests/contract", "tests/unit", "tests/architecture")
FOLDER = re.compile(r"tests/\w+")


def place(nodeid: str) -> str:
    """Return what names the tests that stay together with this one."""
    if nodeid.startswith(ALONE):
        return nodeid
    folder = folder_of(nodeid)
    return folder if folder in TOGETHER else nodeid.partition("::")[0]


def rank(place: str, tests: int) -> tuple[int, int]:
    """Return where tests that stay together come: the smallest first."""
    folder = folder_of(place)
    return (ORDER.index(folder) if folder in ORDER else len(ORDER), -tests)


def folder_of(nodeid: str) -> str:
    """Return the folder below ``tests`` that a test is in; empty for one that is in none."""
    found = FOLDER.match(nodeid)
    return found[0] if found else ""


class InOrder(LoadScopeScheduling):
    """Gives each process that has nothing more to do the tests that come first."""

    def _split_scope(self, nodeid: str) -> str:
        return place(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        first = min(self.workqueue, key=lambda one: rank(one, len(self.workqueue[one])))
        self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
