"""The Open edX platform as a process of its own, and its registration with the app under test."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import requests

from demo.browser import Browser, Form, forms
from lti_1p3_provider.registrations.models import Deployment, Registration
from tests.connection import COURSE, OTHER_PROBLEM, PROBLEM, SUBSECTION, UNIT, answer

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120  # on a machine that has very much to do
SOON_SECONDS = 60
LOG_TAIL = 4000  # characters
LINKS = {PROBLEM: 6, UNIT: 2}
WITHOUT_COLUMNS = 2
LOGGED_REQUEST = re.compile(r'"([A-Z]+) (\S+) HTTP/[\d.]+" (\d{3}) ')

LEARNER, NAMELESS, INSTRUCTOR, ASSISTANT = "learner_one", "learner_two", "instructor", "teaching_assistant"


class PlatformNotStarted(Exception):
    """The platform ended, or said nothing in time; holds the end of its log."""


@dataclass
class OpenEdx:
    """The running platform: what it says of itself, its log, and the links that no test has taken yet."""

    about: dict[str, Any]
    log: Path
    free: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for link in self.about["links"]:
            if not link["line_item_url"]:
                continue
            self.free[link["deep_linked_uri"] or link["target_link_uri"]].append(link)

    def rows(self) -> dict[str, Any]:
        """Return the platform's line items, scores and published grades."""
        return requests.get(self.about["rows_url"], timeout=60).json()

    def answered(self, skip: int = 0) -> list[tuple[str, str, int]]:
        """Return method, path and status of the requests that the platform has answered, from its log."""
        found = LOGGED_REQUEST.findall(self.log.read_text(encoding="utf-8", errors="replace"))
        return [(method, path, int(status)) for method, path, status in found][skip:]

    def replace_key(self) -> None:
        """Let the platform sign with a new key and forget the old one, and with it all access tokens."""
        requests.post(self.about["replace_key_url"], timeout=60).raise_for_status()


@dataclass(frozen=True)
class Visit:
    """A launch that ended on a content page."""

    browser: Browser
    id_token: str
    page: requests.Response

    @property
    def claims(self) -> dict[str, Any]:
        """What the platform said in the launch, not checked."""
        return jwt.decode(self.id_token, options={"verify_signature": False})

    @property
    def kid(self) -> str:
        """The id of the key that signed the launch."""
        return jwt.get_unverified_header(self.id_token)["kid"]

    def answer(self, chosen: list[str], number: int = 0) -> None:
        """Answer a problem of the page."""
        assert answer(self.browser, self.page, chosen, number).status_code == 200


@dataclass
class OpenEdxConnection:
    """A registration on both sides. ``lms`` is the base URL of the app under test."""

    platform: OpenEdx
    registration: Registration
    lms: str

    @property
    def deployment(self) -> Deployment:
        """The only deployment that this platform has."""
        return self.registration.deployments.get()

    def link(self, usage_key: str = PROBLEM) -> dict[str, Any]:
        """Take a resource link to a block, so that no other test sends scores there."""
        return self.platform.free[content_url(self.lms, usage_key)].pop()

    def links_without_columns(self) -> list[dict[str, Any]]:
        """Return the links to a problem whose columns the tool is to make; for one test."""
        return [link for link in self.platform.about["links"] if not link["line_item_url"]]

    def any_link(self, usage_key: str = PROBLEM) -> dict[str, Any]:
        """Return a resource link to a block on which no score will be looked for."""
        return next(link for link in self.platform.about["links"] if link["target_link_uri"].endswith(usage_key))

    def sub(self, person: str) -> str:
        """Return what the platform calls a person towards tools."""
        return self.platform.about["people"][person]["user_id"]

    def visit(self, link: dict[str, Any], person: str = LEARNER) -> Visit:
        """Launch in a new browser and see content."""
        browser = Browser()
        form = self.launch_form(link, person, browser)
        page = browser.submit(form)
        assert page.status_code == 200, page.text
        return Visit(browser, form.fields["id_token"], page)

    def launch_form(self, link: dict[str, Any], person: str, browser: Browser) -> Form:
        """Go as far as the platform's form with token and state; return it, not yet sent."""
        return forms(browser.get(link["start_urls"][person], timeout=60))[0]

    def scores(self, link: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of the platform's score table for a link."""
        return [row for row in self.platform.rows()["scores"] if row["line_item_url"] == link["line_item_url"]]

    def columns(self, links: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the platform's line items of some links, oldest first."""
        ids = [link["resource_link_id"] for link in links]
        return [row for row in self.platform.rows()["line_items"] if row["resource_link_id"] in ids]

    def grades(self, link: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the platform published to its grade book for a link, oldest first."""
        published = self.platform.rows()["published_grades"]
        return [row for row in published if row["resource_link_id"] == link["resource_link_id"]]

    def service_requests(self, link: dict[str, Any], skip: int) -> list[tuple[str, int]]:
        """Return the platform's answers to our requests for tokens and to scores for a link: (which, status)."""
        token, scores = (
            self._path(url) for url in (self.registration.auth_token_url, f"{link['line_item_url']}/scores")
        )
        names = {("POST", token): "token", ("POST", scores): "score"}
        answered = self.platform.answered(skip)
        return [(names[method, path], status) for method, path, status in answered if (method, path) in names]

    def _path(self, url: str) -> str:
        return url.removeprefix(self.platform.about["issuer"])


def content_url(lms: str, usage_key: str) -> str:
    """Return the content door of a block."""
    return f"{lms}/lti/1p3/launch/{COURSE}/{usage_key}"


def eventually(read: Callable[[], Any], wanted: Any) -> Any:
    """Return what ``read`` returns once it is ``wanted``, or in the end: a log is written after its answer."""
    deadline = time.monotonic() + SOON_SECONDS
    while (found := read()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def arguments_for(login_url: str, redirect_uri: str, jwks_url: str, lms: str) -> list[str]:
    """Return what the platform is told about the app under test."""
    tool = ["--tool-login-url", login_url, "--redirect-uri", redirect_uri, "--tool-jwks-url", jwks_url]
    for usage_key, number in LINKS.items():
        tool += ["--target-link-uri", content_url(lms, usage_key)] * number
    for usage_key in (OTHER_PROBLEM, SUBSECTION):  # of the second, tests choose other content
        tool += ["--deep-linked-uri", content_url(lms, usage_key)]
    return tool + ["--target-link-uri-without-column", content_url(lms, PROBLEM)] * WITHOUT_COLUMNS


@contextmanager
def running(directory: Path, tool: Sequence[str]) -> Iterator[OpenEdx]:
    """Run the platform on a free port, with everything it writes in ``directory``; end it by its own PID."""
    command = [sys.executable, "-m", "tests.interop.openedx_platform", "--port", "0", "--directory", str(directory)]
    said, log = directory / "stdout", directory / "stderr"
    direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with said.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, *tool], cwd=ROOT, env=direct, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
        )
    try:
        yield OpenEdx(_first_line(process, said, log), log)
    finally:
        _end(process)


def _first_line(process: subprocess.Popen[bytes], said: Path, log: Path) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ended = process.poll()
        line, newline, _ = said.read_text(encoding="utf-8").partition("\n")
        if newline:
            return json.loads(line)
        if ended is not None:
            raise PlatformNotStarted(f"the platform ended with {ended}; its log ends:\n{_tail(log)}")
        time.sleep(0.05)
    raise PlatformNotStarted(f"the platform said nothing for {START_SECONDS} s; its log ends:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
