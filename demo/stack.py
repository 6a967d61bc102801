"""The demo's two processes: prepares them, starts them, waits until they answer, and ends them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT = 120.0  # seconds; one that ends is noticed at once

COURSE = "course-v1:DemoX+LTI101+2026/block-v1:DemoX+LTI101+2026+type@"
OTHER = "course-v1:OtherX+SOON+2099/block-v1:OtherX+SOON+2099+type@"
PLATFORM = "Riverside College"  # what it calls itself, and what learners call it
LINKS = (
    ("welcome", "Welcome", "A unit with a text.", f"{COURSE}vertical+block@welcome", False, "iframe"),
    ("problem", "Primary colours", "One problem.", f"{COURSE}problem+block@primary_colours", True, "iframe"),
    ("unit", "Mixing colours", "A unit with two problems.", f"{COURSE}vertical+block@mixing", True, "iframe"),
    ("subsection", "Light in numbers", "A subsection.", f"{COURSE}sequential+block@numbers", True, "window"),
    (
        "outside",
        "Another organization's course",
        "Outside this platform's launch gate: see how a refusal looks.",
        f"{OTHER}vertical+block@today",
        False,
        "iframe",
    ),
)


class DemoError(Exception):
    """The demo cannot run; the message says what to do."""


@dataclass
class Stack:
    """The stand-in LMS and the emulated platform, on loopback ports; what they write is below ``directory``.

    ``lms_front`` and ``platform_front`` are where browsers reach them, if something stands in front (https, say), and
    ``services_front`` is where the LMS reaches the platform's services, if not at its process.
    """

    directory: Path
    lms_port: int
    platform_port: int
    lms_front: str = ""
    platform_front: str = ""
    services_front: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def lms_url(self) -> str:
        """Where the stand-in LMS is for browsers."""
        return self.lms_front or self.lms_here

    @property
    def platform_url(self) -> str:
        """Where the platform is for browsers; also its issuer."""
        return self.platform_front or self.platform_here

    @property
    def lms_here(self) -> str:
        """Where the stand-in LMS's process listens."""
        return f"http://127.0.0.1:{self.lms_port}"

    @property
    def platform_here(self) -> str:
        """Where the platform's process listens."""
        return f"http://127.0.0.1:{self.platform_port}"

    @property
    def services_url(self) -> str:
        """Where the platform's services are for the LMS."""
        return self.services_front or self.platform_here

    def __enter__(self) -> Stack:
        if self.lms_port == self.platform_port:
            raise DemoError("DEMO_LMS_PORT and DEMO_PLATFORM_PORT are the same")
        for name, port in (("DEMO_LMS_PORT", self.lms_port), ("DEMO_PLATFORM_PORT", self.platform_port)):
            _require_free(port, name)
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            places = (f"--platform-url={self.platform_url}", f"--services-url={self.services_url}")
            platform = (*places, f"--platform-name={PLATFORM}")
            self.facts = json.loads(self.manage("demo_prepare", *platform))
            config = self.directory / "platform.json"
            config.write_text(json.dumps(self._platform_config(), indent=1), encoding="utf-8")
            self._start("platform", ["-m", "demo.platform", "--config", str(config), "--port", str(self.platform_port)])
            self._start("lms", ["demo/lms/manage.py", "demo_serve", "--skip-checks", f"--port={self.lms_port}"])
            for name, url in (("platform", self.platform_here), ("lms", f"{self.lms_here}/lti/1p3/pub/jwks/")):
                self._wait_for(name, url)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def manage(self, *arguments: str) -> str:
        """Run a Django command of the stand-in LMS and return what it prints."""
        command = [sys.executable, "demo/lms/manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(f"{arguments[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    def ended(self) -> str | None:
        """Return the name of a process that ended by itself."""
        return next((name for name, process in self.processes.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """End both processes, and wait for them."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log_tail(self, name: str) -> str:
        """Return the end of a process's log."""
        path = self.directory / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else ""

    def _platform_config(self) -> dict[str, Any]:
        """The platform's side of the registration, and its course."""
        tool = {
            "client_id": self.facts["client_id"],
            "deployment_id": self.facts["deployment_id"],
            "title": "Open edX",
            "login_url": self.facts["login_url"],
            "redirect_uris": [self.facts["redirect_uri"]],
            "jwks_url": self.facts["jwks_url"].replace(self.lms_url, self.lms_here, 1),
            "deep_link_url": self.facts["deep_linking_url"],
            "services": {"ags": True, "nrps": True},
        }
        links = [_link(self.facts, *shown) for shown in LINKS]
        places = {"base_url": self.platform_url, "services_url": self.services_url}
        invitation = {"registration_url": self.facts["registration_url"]}
        return {"name": PLATFORM, **places, **invitation, "tools": [tool], "links": links}

    def environment(self) -> dict[str, str]:
        """Return the environment of the stand-in LMS's processes."""
        ours = {"DEMO_DIRECTORY": str(self.directory), "LMS_ROOT_URL": self.lms_url, "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **ours}

    def _start(self, name: str, arguments: list[str]) -> None:
        with (self.directory / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _wait_for(self, name: str, url: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.processes[name].poll() is not None:
                break
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise DemoError(f"the {name} process did not start:\n{self.log_tail(name)}")


def print_result(work: Callable[[Stack], dict[str, Any]], demo: AbstractContextManager[Stack] | None = None) -> int:
    """Run a demo for ``work``, print its result as one line of JSON, and return the exit status: 0 only if its "ok" is
    true. ``demo``: which one, if not one in a folder that goes away."""
    try:
        with demo or _own_demo() as stack:
            result = work(stack)
    except (DemoError, requests.RequestException) as error:
        result = {"ok": False, "reason": str(error)}
    print(json.dumps(result))
    return 0 if result["ok"] else 1


@contextmanager
def _own_demo() -> Iterator[Stack]:
    with (
        tempfile.TemporaryDirectory(prefix="lti-demo-") as folder,
        Stack(Path(folder), free_port(), free_port()) as stack,
    ):
        yield stack


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _require_free(port: int, name: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise DemoError(f"port {port} is in use or not allowed; set {name} to another one") from error


def _link(
    facts: dict[str, Any], name: str, title: str, description: str, path: str, graded: bool, presentation: str
) -> dict[str, Any]:
    return {
        "id": name,
        "title": title,
        "description": description,
        "client_id": facts["client_id"],
        "target_link_uri": facts["redirect_uri"] + path,
        "graded": graded,
        "presentation": presentation,
    }
