"""The operator's console: one process for all commands of the product, because each takes seconds to start."""

from __future__ import annotations

import json
import subprocess
import sys
from types import TracebackType

from demo.stack import ROOT, DemoError, Stack

READ_AND_RUN = """
import io, json, sys
import django
from django.core.management import CommandError, call_command
django.setup()
for line in sys.stdin:
    said = io.StringIO()
    try:
        call_command(*json.loads(line), stdout=said)
        answer = {"said": said.getvalue()}
    except CommandError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
"""


class Console:
    """Runs inside a ``with``."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def __enter__(self) -> Console:
        self._process = subprocess.Popen(
            [sys.executable, "-c", READ_AND_RUN],
            cwd=ROOT,
            env={**self._stack.environment(), "DJANGO_SETTINGS_MODULE": "demo.lms.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, *arguments: str) -> str:
        """Run a command and return what it printed.

        Raises:
            DemoError: it failed; the message says why.
        """
        said = None
        if self._process.stdin and self._process.stdout:
            self._process.stdin.write(f"{json.dumps(arguments)}\n")
            self._process.stdin.flush()
            said = self._process.stdout.readline()
        answer = json.loads(said) if said else {"error": "the console ended"}
        if "error" in answer:
            raise DemoError(f"{arguments[0]} failed: {answer['error']}")
        return str(answer["said"])
