"""The demo with one process for all Django commands of its stand-in LMS: to start one for each takes seconds. When the
LMS is to be served, that process begins to do so, and a child of it takes the commands that come later."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from demo.stack import ROOT, DemoError, Stack

if TYPE_CHECKING:  # the process that runs the commands has no use for tests
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


class StackOfTests(Stack):
    """A stack whose first command, which prepares it, leaves a process that takes all others, and serves the LMS."""

    _commands: subprocess.Popen[str] | None = None

    def manage(self, *arguments: str) -> str:
        """Have the process run a Django command; return what it prints."""
        return self._ask(arguments)

    def _ask(self, arguments: Sequence[str], log: Path | None = None) -> str:
        """``log``: the command takes the process from now on, and writes there."""
        if self._commands is None:
            self._commands = self._begun()
        asked, told = self._commands.stdin, self._commands.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps([str(log or ""), *arguments]) + "\n")
        asked.flush()
        answer: dict[str, Any] = json.loads(told.readline() or '{"failed": "its process ended"}')
        if "failed" in answer:
            raise DemoError(f"{arguments[0]} failed: {answer['failed']}\n{self.log_tail('commands')}")
        return str(answer["said"])

    def start(self, config: pytest.Config) -> None:
        """Prepare and start it, with a database that has all migrations already, where one is kept."""
        from tests import migrated

        migrated.begin_with(config, self.directory / "lms.sqlite3", self._migrate)
        self.__enter__()

    def _migrate(self) -> None:
        self.manage("migrate", "--no-input", "--skip-checks", "--verbosity=0")

    def _start(self, name: str, arguments: list[str]) -> None:
        """Start the LMS in the process that has everything imported."""
        if name != "lms":
            super()._start(name, arguments)
            return
        self._ask(arguments[1:], self.directory / f"{name}.log")
        assert self._commands is not None
        self.processes[name] = self._commands  # type: ignore[assignment]

    def stop(self) -> None:
        """End this process as well."""
        super().stop()
        if self._commands is not None:
            self._commands.communicate()  # at the end of what it is asked it ends

    def _begun(self) -> subprocess.Popen[str]:
        # Settings of the tests' own process are not the stand-in LMS's.
        environment = {**self.environment(), "DJANGO_SETTINGS_MODULE": "tests.browser.lms_settings"}
        with (self.directory / "commands.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.browser.commands"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )


def main() -> None:
    """Run the command in each line of standard input, a list in JSON; answer what it printed, or why it failed.

    Its first item names a log, if the command is one that stays: a child of this process takes all that follows.
    """
    import django
    from django.core.management import call_command

    django.setup()
    for line in sys.stdin:
        log, *command = json.loads(line)
        if log and os.fork():
            _write_to(log)
            call_command(*command)
            break
        print(json.dumps({"said": ""} if log else _ran(command)), flush=True)


def _ran(command: Sequence[str]) -> dict[str, str]:
    from django.core.management import call_command
    from django.db import connections

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            call_command(*command)
    except Exception as error:  # whatever it is, the test that asked is told
        return {"failed": f"{type(error).__name__}: {error}"}
    finally:
        connections.close_all()  # a database that is put back is read anew
    return {"said": said.getvalue()}


def _write_to(log: str) -> None:
    """Leave what this process reads and writes to its child."""
    with open(log, "wb") as file, open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


if __name__ == "__main__":
    main()
