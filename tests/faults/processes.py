"""The processes of a site that can be killed, frozen and started again."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import psutil

from demo.stack import ROOT
from tests.services import HOST, START_SECONDS, ServerNotStarted

READY = " ready."  # what Celery says
TAIL = 4000  # characters of a log


class Nursery:
    """Prepares the site's database, and forks its processes: see ``nursery``."""

    def __init__(self, environment: dict[str, str], folder: Path, platform_url: str) -> None:
        self._log = folder / "nursery.log"
        with self._log.open("ab") as written:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery", platform_url],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
                start_new_session=True,
            )

    def fork(self, be: str, log: Path, **how: str | int) -> psutil.Process:
        """Return a new process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"be": be, "log": str(log), **how}) + "\n")
        self._process.stdin.flush()
        if number := self._process.stdout.readline():
            return psutil.Process(int(number))
        raise ServerNotStarted(self._log.read_text(errors="replace")[-TAIL:])

    def end(self) -> None:
        """End it, and with it all processes that are left."""
        self._process.kill()
        self._process.wait()


@dataclass(eq=False)
class Worker:
    """A Celery worker as sites run it: a main process that takes messages, and a pool process that obeys them."""

    name: str
    folder: Path
    nursery: Nursery
    _main: psutil.Process | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start; ``await_ready`` says when it works."""
        self._main = self.nursery.fork("worker", self.log, name=self.name)

    def await_ready(self) -> None:
        """Return once it takes messages."""
        deadline = time.monotonic() + START_SECONDS
        while READY not in self.said():
            if time.monotonic() > deadline or not self.alive:
                raise ServerNotStarted(self.said()[-TAIL:])
            time.sleep(0.05)

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tasks_ended(self) -> int:
        """Return how many messages it has obeyed, well or badly."""
        return self.said().count("] succeeded in ") + self.said().count("] raised unexpected")

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._main is not None and self._main.is_running()

    def crash(self) -> None:
        """End all of it as a machine that dies does."""
        if self._main is not None and self.alive:
            both = [*self.pool(), self._main]
            for process in both:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(both, timeout=START_SECONDS)

    def kill_pool(self) -> None:
        """Kill the process that works, as the kernel does when memory is short; the main process makes a new one."""
        for process in self.pool():
            process.kill()

    def freeze(self) -> None:
        """Stop the process that works where it is."""
        for process in self.pool():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in self.pool():
            process.resume()

    def pool(self) -> list[psutil.Process]:
        """The processes that work."""
        with suppress(psutil.NoSuchProcess):
            return self._main.children() if self._main is not None else []
        return []

    def memory(self) -> int:
        """Bytes that its processes have for themselves or share."""
        with suppress(psutil.NoSuchProcess):
            return sum(one.memory_info().rss for one in [self._main, *self.pool()] if one is not None)
        return 0


class LmsProcess:
    """Another process of the LMS: see ``lms_process``."""

    def __init__(self, nursery: Nursery, log: Path) -> None:
        self._numbers, self._lock = itertools.count(1), Lock()
        self._waiting: dict[int, Future[Any]] = {}
        with socket.create_server((HOST, 0)) as place:
            place.settimeout(START_SECONDS)
            nursery.fork("lms", log, port=place.getsockname()[1])
            self._connection, _ = place.accept()
        self._connection.settimeout(None)
        self._asked = self._connection.makefile("w")
        Thread(target=self._listen, daemon=True).start()

    def call(self, what: str, /, **arguments: Any) -> Future[Any]:
        """Have it do something; the future fails with ``LmsError`` if it failed there."""
        future: Future[Any] = Future()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = future
            print(json.dumps({"id": number, "call": what, **arguments}), file=self._asked, flush=True)
        return future

    def end(self) -> None:
        """Let it end."""
        self._connection.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        for line in self._connection.makefile("r"):
            said = json.loads(line)
            future = self._waiting.pop(said["id"])
            if said["error"]:
                future.set_exception(LmsError(said["error"]))
            else:
                future.set_result(said["result"])
        for future in self._waiting.values():
            future.set_exception(LmsError("the process ended"))


class LmsError(Exception):
    """What went wrong in the LMS's process."""
