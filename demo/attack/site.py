"""What is attacked: the running demo, seen from outside. Its healthy platform, its process, and what it stored."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from demo.attack.console import Console
from demo.browser import Browser, forms
from demo.stack import COURSE, DemoError, Stack

COURSE_KEY, _, _BLOCK = COURSE.partition("/")
PROBLEM, OTHER_PROBLEM = f"{_BLOCK}problem+block@primary_colours", f"{_BLOCK}problem+block@white_light"
UNIT = f"{_BLOCK}vertical+block@mixing"
RIGHT, WRONG = ["Red", "Green", "Blue"], ["Red"]
TIMEOUT = 30  # seconds for one request of ours
LOOK = 0.02  # seconds between two looks


def wait_for(what: Callable[[], Any], seconds: float) -> float | None:
    """Return after how many seconds ``what`` was true; None if it was not in time."""
    begun = time.monotonic()
    while not what():
        if time.monotonic() - begun > seconds:
            return None
        time.sleep(LOOK)
    return time.monotonic() - begun


@dataclass
class Process:
    """A process, as the system describes it."""

    pid: int

    def forget_peak(self) -> float:
        """Let the peak of its memory begin anew; return its memory now, in MB."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self._status("VmRSS") / 1024

    def peak(self) -> float:
        """Return the most memory that it had since then, in MB."""
        return self._status("VmHWM") / 1024

    def threads(self) -> int:
        """Return how many threads it has now."""
        return self._status("Threads")

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{name}:\s+(\d+)", text, re.M)
        if found is None:
            raise DemoError(f"the system does not say {name} of a process")
        return int(found[1])


@dataclass
class Watch:
    """The largest value that was seen of something."""

    most: int = 0


@contextmanager
def watched(read: Callable[[], int]) -> Iterator[Watch]:
    """Look at something again and again inside the ``with``."""
    watch, over = Watch(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            watch.most = max(watch.most, read())

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield watch
    over.set()
    thread.join()


@dataclass
class Site:
    """The demo under attack. ``say`` tells the person who watches how far we are."""

    stack: Stack
    console: Console
    say: Callable[[str], None]
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    @property
    def lms(self) -> str:
        """The stand-in LMS's address."""
        return self.stack.lms_url

    @property
    def process(self) -> Process:
        """The process that serves pages and, as the demo runs it, delivers scores."""
        return Process(self.stack.processes["lms"].pid)

    def target(self, block: str = PROBLEM) -> str:
        """Return the address of a block's content."""
        return f"{self.stack.facts['redirect_uri']}{COURSE_KEY}/{block}"

    def handler(self, block: str) -> str:
        """Return where answers to a problem are posted."""
        return f"{self.lms}/courses/{COURSE_KEY}/xblock/{block}/handler/xmodule_handler/problem_check"

    def stored(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the LMS's database, which this cannot change."""
        path = self.stack.directory / "lms.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=TIMEOUT)) as database:
            return database.execute(query, values).fetchall()

    # --- the healthy platform -----------------------------------------------------------------------------------------

    def learners(self, number: int) -> list[str]:
        """Add learners to the healthy platform's course; return their ids."""
        names = [f"well-{next(self._numbers)}" for _ in range(number)]
        for name in names:
            self._control("people", {"id": name, "name": f"Learner {name}"})
        return names

    def place(self, block: str) -> str:
        """Place a block in the healthy platform's course; return the link's id."""
        values = {"client_id": self.stack.facts["client_id"], "title": "Beside an attack", "graded": True}
        return str(self._control("links", {**values, "target_link_uri": self.target(block)})["id"])

    def launch(self, link: str, person: str, browser: Browser | None = None) -> Visit:
        """Have a learner of the healthy platform launch.

        Raises:
            DemoError: it did not lead to content.
        """
        browser = browser or Browser()
        page = browser.open(f"{self.stack.platform_url}/launch/{link}?person={person}")
        return Visit(browser, page).expect_content()

    def scores(self, people: list[str]) -> int:
        """Return how many full scores, one for each column, the healthy platform has of these people."""
        said = requests.get(f"{self.stack.platform_url}/control/state", timeout=TIMEOUT).json()
        return len({(one["line_item_id"], one["user_id"]) for one in said["scores"] if _counts(one, people)})

    def _control(self, what: str, values: dict[str, Any]) -> Any:
        said = requests.post(f"{self.stack.platform_url}/control/{what}", json=values, timeout=TIMEOUT)
        said.raise_for_status()
        return said.json()


def _counts(score: dict[str, Any], people: list[str]) -> bool:
    return score["user_id"] in people and score["body"].get("scoreGiven", 0) > 0


@dataclass
class Visit:
    """A browser, and the page to which a launch led it."""

    browser: Browser
    page: requests.Response

    @property
    def refusal(self) -> str:
        """The code of the refusal that the page is; empty if it is none."""
        found = re.search(r"Error: ([a-z0-9_]+)<", self.page.text)
        return found[1] if found and self.page.status_code >= 400 else ""

    @property
    def support_code(self) -> str:
        """The support code on a refusal's page."""
        found = re.search(r'class="code">([A-Z0-9-]+)<', self.page.text)
        return found[1] if found else ""

    def expect_content(self) -> Visit:
        """Return itself.

        Raises:
            DemoError: the page is not that of a problem.
        """
        if self.page.status_code != 200 or not forms(self.page):
            said = self.refusal or " ".join(re.sub(r"<[^>]*>", " ", self.page.text).split())[:80]
            raise DemoError(f"a launch ended with status {self.page.status_code}: {said}")
        return self

    def answer(self, chosen: list[str] | None = None) -> None:
        """Answer the page's first problem, rightly if nothing else is chosen.

        Raises:
            DemoError: the answer was not taken.
        """
        said = self.post(forms(self.page)[0].action, {"input_1": chosen or RIGHT})
        if said.status_code != 200:
            raise DemoError(f"an answer was not taken: status {said.status_code}")

    def post(self, url: str, values: dict[str, Any]) -> requests.Response:
        """Post to the LMS as its own page does."""
        headers = {"X-CSRFToken": self.browser.cookies.get("csrftoken", "")}
        return self.browser.post(url, data=values, headers=headers, timeout=TIMEOUT)
