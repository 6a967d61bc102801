"""Private instances of the servers that a site has: each on a free loopback port, writing to a folder of its own only.

Whatever ends the run, an instance ends with it: its keeper, a shell, holds the read end of a pipe to this process and
kills its server when the pipe closes. Servers are always killed, never asked: nothing of theirs outlives the test.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 120.0  # on a machine that has very much to do
LOG_TAIL = 2000  # characters
MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 1 << 30  # bytes; a new MariaDB has a ninth of that
# Ends when the server does, with its status, or kills it when the pipe closes. "$@" is the server's command.
KEEPER = """
exec 3<&0
"$@" 3<&- </dev/null & server=$!
{ read -r _; kill -s KILL "$server"; } <&3 2>/dev/null & reader=$!
wait "$server"; status=$?
kill "$reader" 2>/dev/null
exit "$status"
"""


class ServerNotStarted(Exception):
    """The server ended, or did not answer in time; holds the end of its log."""


def missing(*programs: str) -> str:
    """Return why an instance cannot be started, for a test to skip with; empty if all programs are installed."""
    absent = [name for name in programs if find(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def find(program: str) -> str | None:
    """Return where a program is; servers are often outside an ordinary user's PATH."""
    return shutil.which(program) or shutil.which(program, path="/usr/local/sbin:/usr/sbin:/sbin")


def answers(port: int) -> bool:
    """Return whether somebody accepts connections on a port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def await_answers(*ports: int) -> None:
    """Return once all ports accept connections."""
    deadline = time.monotonic() + START_SECONDS
    while not all(map(answers, ports)):
        if time.monotonic() > deadline:
            raise ServerNotStarted(f"nobody answers on some of {ports}")
        time.sleep(0.01)


@dataclass(eq=False)
class Server:
    """A server process that answers on a port; what it prints goes to a log below ``folder``."""

    command: Sequence[str]
    port: int
    folder: Path
    environment: dict[str, str] | None = None
    _keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """What the server printed, over all its starts."""
        return self.folder / f"log-{self.port}"

    def start(self) -> None:
        """Start, and return once the port answers."""
        program = find(self.command[0]) or self.command[0]
        with self.log.open("ab") as log:
            self._keeper = subprocess.Popen(
                ["/bin/sh", "-c", KEEPER, "keeper", program, *self.command[1:]],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C is for the test run; it ends the servers in its own order
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerNotStarted(f"{' '.join(self.command)}\n{self.log.read_text(errors='replace')[-LOG_TAIL:]}")
            time.sleep(0.01)

    def answers(self) -> bool:
        """Return whether somebody accepts connections on the port."""
        return answers(self.port)

    def await_end(self) -> None:
        """Return when the server, which was told to end, is gone."""
        if self._keeper is not None:
            self._keeper.wait(START_SECONDS)

    def kill(self) -> None:
        """End the server as a crash does, and return when it is gone."""
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            self._keeper.wait()

    def restart(self) -> None:
        """Kill it if it runs, and start it again on the same port, with what it had on disk."""
        self.kill()
        self.start()


@contextmanager
def folder(name: str, *, in_memory: bool = False) -> Iterator[Path]:
    """Make a folder that goes away; its path is short, for the sake of sockets.

    ``in_memory``: where there is room in memory. What is written there outlives its server as it would on a disk.
    """
    path = Path(tempfile.mkdtemp(prefix=f"lti-{name}-", dir=MEMORY if in_memory and _has_room() else None))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _has_room() -> bool:
    return MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
