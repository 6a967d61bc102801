"""A site: processes of the stand-in LMS with one database and one cache; to the emulated platform they are one tool."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import requests
from django.contrib.auth import get_user_model

from demo.browser import Browser, Form, forms
from demo.lms.management.commands.demo_prepare import CLIENT_ID, DEPLOYMENT_ID
from demo.lms.management.commands.demo_serve import THREADS
from demo.platform import Link, Person, Platform, Tool
from demo.stack import ROOT, free_port
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import COURSE, WELCOME
from tests.services import HOST, Server

from .caches import SharedCache

PROCESSES = 4
MANAGE = str(ROOT / "demo/lms/manage.py")
CONNECTION = "site"  # the connection by which tests read what the processes wrote
LAUNCH = "/lti/1p3/launch/"
CONTENT = f"{LAUNCH}{COURSE}/{WELCOME}"

REFUSAL = re.compile(r"Error: ([a-z_]+)<")
numbers = itertools.count(1)


@dataclass
class Site:
    """The first process's address is the public one, as a load balancer's would be."""

    platform: Platform
    cache: SharedCache
    ports: list[int]
    link: Link
    newest: int = field(default=0)
    _is_warm: bool = False

    @property
    def public_url(self) -> str:
        """What the platform knows."""
        return self.url_of(0)

    def url_of(self, process: int) -> str:
        """Return where a process itself is."""
        return f"http://{HOST}:{self.ports[process % PROCESSES]}"

    def person(self) -> str:
        """Add somebody to the platform's course who was never here; return the ``sub``."""
        return self.platform.add_person(Person(id=f"new-{next(numbers)}", name="Somebody New")).id

    def new_link(self) -> Link:
        """Place the content in the platform's course once more, with a column in the gradebook."""
        return self.platform.add_link(replace(self.link, id="", title="Once more", graded=True))

    def log_in(self, person: str, browser: Browser, process: int = 0, link: Link | None = None) -> Form:
        """Begin a launch at a process; return the platform's form with token and state, not yet sent."""
        address = self.platform.launch_url((link or self.link).id, person)
        initiation = forms(browser.get(address, timeout=60))[0]
        asked = self.send(initiation, browser, process)
        assert asked.status_code == 302, asked.text
        return forms(browser.get(asked.headers["Location"], timeout=60))[0]

    def send(
        self, form: Form, browser: Browser, process: int, start: Callable[[], object] | None = None
    ) -> requests.Response:
        """Send a form of the platform to a process as the load balancer would; do not follow where it leads.

        The last byte is held back until ``start`` returns: so many requests arrive at the same moment.
        """
        assert form.action.startswith(self.public_url)
        content = urlencode(form.fields).encode()
        return browser.post(
            form.action.replace(self.public_url, self.url_of(process), 1),
            data=_held_back(content, start) if start else content,
            headers={
                "Host": self.public_url.removeprefix("http://"),
                "Content-Type": "application/x-www-form-urlencoded",
            },
            allow_redirects=False,
            timeout=60,
        )

    def send_at_once(self, posts: Sequence[tuple[Form, Browser]], over: float = 0) -> list[requests.Response]:
        """Send all forms at the same moment, or evenly over some seconds, to the processes in turn."""
        barrier = Barrier(len(posts))

        def start(number: int) -> None:
            barrier.wait(timeout=60)
            time.sleep(over * number / len(posts))

        with ThreadPoolExecutor(len(posts)) as pool:
            sent = [pool.submit(self.send, *post, turn, partial(start, turn)) for turn, post in enumerate(posts)]
            return [one.result() for one in sent]

    def launch(self, person: str, process: int = 0) -> str:
        """Launch from login to content in a new browser; return the outcome."""
        browser = Browser()
        return outcome(self.send(self.log_in(person, browser, process), browser, process))

    def warm_up(self) -> None:
        """Let the processes know the platform's keys and, once, all threads database and cache; count from here."""
        for process in range(PROCESSES):
            assert self.launch(self.person(), process) == "ok"
        if not self._is_warm:
            nonsense = Form(f"{self.public_url}{LAUNCH}", "post", {"id_token": "none", "state": "none"})
            self.send_at_once([(nonsense, Browser())] * (PROCESSES * THREADS))
            self._is_warm = True
        self.begin_to_count()

    @contextmanager
    def keys_without_a_cache(self) -> Iterator[None]:
        """Let the registration itself hold the platform's keys, so that they need not be fetched and cached."""
        registrations = Registration.objects.using(CONNECTION)
        registrations.update(key_set_url="", key_set=self.platform.public_jwks())
        try:
            yield
        finally:
            registrations.update(key_set_url=self.platform.key_set_url, key_set=None)

    def begin_to_count(self) -> None:
        """Let ``outcomes`` begin here."""
        self.newest = LaunchAttempt.objects.using(CONNECTION).values_list("pk", flat=True).first() or 0

    def outcomes(self) -> dict[str, int]:
        """Return how many attempts ended how."""
        attempts = LaunchAttempt.objects.using(CONNECTION).filter(pk__gt=self.newest)
        return dict(Counter(attempts.values_list("outcome", flat=True)))

    def passed(self, step: str) -> int:
        """Return how many attempts got past a step."""
        attempts = LaunchAttempt.objects.using(CONNECTION).filter(pk__gt=self.newest)
        return sum(step in steps for steps in attempts.values_list("steps", flat=True))

    def accounts_of(self, person: str) -> int:
        """Return how many platform users somebody is."""
        return PlatformUser.objects.using(CONNECTION).filter(sub=person).count()

    def users(self) -> int:
        """Return how many accounts there are."""
        return get_user_model().objects.using(CONNECTION).count()

    def key_set_requests(self) -> int:
        """Return how often the platform was asked for its keys."""
        return sum(request.path == "/jwks" for request in self.platform.requests)


def outcome(response: requests.Response) -> str:
    """Return how the person was answered: "ok", or status and code of a refusal that signed nobody in."""
    signed_in = "sessionid" in response.cookies
    if response.status_code == 302 and response.headers["Location"] == CONTENT and signed_in:
        return "ok"
    code = REFUSAL.search(response.text)
    return f"{response.status_code} {code[1] if code else response.text[:200]}{' and signed in' * signed_in}"


def twin(browser: Browser) -> Browser:
    """Return a browser with the same cookies."""
    other = Browser()
    other.cookies.update(browser.cookies)
    return other


def _held_back(content: bytes, start: Callable[[], object]) -> Iterator[bytes]:
    yield content[:-1]
    start()
    yield content[-1:]


@dataclass(frozen=True)
class Database:
    """A prepared database, with the directory that holds its site's secret key.

    ``setting`` is what Django is told of it; None for the stand-in's own, a file in the directory.
    """

    directory: Path
    setting: dict[str, Any] | None

    @property
    def connection(self) -> dict[str, Any]:
        """What Django must be told to read it."""
        own = {"ENGINE": "demo.lms.sqlite", "NAME": self.directory / "lms.sqlite3", "OPTIONS": {"timeout": 30}}
        return self.setting or own

    def prepare(self, platform: Platform) -> None:
        """Make tables, key and registration."""
        command = [sys.executable, MANAGE, "demo_prepare", f"--platform-url={platform.base_url}"]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process of the site: the stand-in's own settings, not those of the tests."""
        inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        chosen = {} if self.setting is None else {"DEMO_DATABASE": repr(self.setting)}
        return {**inherited, "DEMO_DIRECTORY": str(self.directory), **chosen, **more}


@contextmanager
def running(platform: Platform, database: Database, cache: SharedCache) -> Iterator[Site]:
    """Start the processes of a site, and let the platform know it."""
    ports = [free_port() for _ in range(PROCESSES)]
    public_url = f"http://{HOST}:{ports[0]}"
    chosen = {} if cache.setting is None else {"DEMO_CACHE": repr(cache.setting)}
    environment = database.environment(DJANGO_SETTINGS_MODULE="demo.lms.settings", LMS_ROOT_URL=public_url, **chosen)
    serve = [sys.executable, "-m", "tests.processes.served", *map(str, ports)]
    server = Server(serve, ports[0], database.directory, environment)
    try:
        server.start()
        yield Site(platform, cache, ports, _link_to(platform, public_url))
    finally:
        server.kill()


def _link_to(platform: Platform, public_url: str) -> Link:
    ours = guide(public_url)
    tool = Tool(
        client_id=CLIENT_ID,
        deployment_id=DEPLOYMENT_ID,
        login_url=ours.login_url,
        redirect_uris=[ours.redirect_uri],
        jwks_url=ours.jwks_url,
    )
    platform.add_tool(tool)
    return platform.add_link(Link(client_id=CLIENT_ID, target_link_uri=f"{public_url}{CONTENT}", title="A unit"))
