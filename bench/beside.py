"""A server in a process of its own, beside the one that is measured, so that its work is not counted as ours."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self


class Beside:
    """Runs ``python -m module``, as a context manager. The module reads ``words``, a line, from stdin, prints its port,
    and ends when stdin does."""

    def __init__(self, module: str, words: str = "") -> None:
        self._command = [sys.executable, "-m", module]
        self._words = words
        self.base = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{self._words}\n")
        self._process.stdin.flush()
        self.base = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()  # closes its stdin
