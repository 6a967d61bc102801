"""The demo with one process for all Django commands of its stand-in LMS: to start one for each takes seconds."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from demo.stack import ROOT, DemoError, Stack

if TYPE_CHECKING:  # the process that runs the commands has no use for tests
    import pytest


class StackOfTests(Stack):
    """A stack whose first command, which prepares it, leaves a process that takes all others."""

    _commands: subprocess.Popen[str] | None = None

    def manage(self, *arguments: str) -> str:
        """Have the process run a Django command; return what it prints."""
        if self._commands is None:
            self._commands = self._begun()
        asked, told = self._commands.stdin, self._commands.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps(arguments) + "\n")
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

    def stop(self) -> None:
        """End this process as well."""
        super().stop()
        if self._commands is not None:
            self._commands.communicate()  # at the end of what it is asked it ends

    def _begun(self) -> subprocess.Popen[str]:
        # Settings of the tests' own process are not the stand-in LMS's.
        environment = {**self.environment(), "DJANGO_SETTINGS_MODULE": "demo.lms.settings"}
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
    """Run the command in each line of standard input, a list in JSON; answer what it printed, or why it failed."""
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    for line in sys.stdin:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                call_command(*json.loads(line))
            answer = {"said": said.getvalue()}
        except Exception as error:  # whatever it is, the test that asked is told
            answer = {"failed": f"{type(error).__name__}: {error}"}
        finally:
            connections.close_all()  # a database that is put back is read anew
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
