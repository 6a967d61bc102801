"""What a site is like before a test; afterwards it is put back, so that no test finds what another one left.

Its database is all that the stand-in LMS remembers: sessions and the cache are in it as well. Primary keys are not
given out again: what a process or the platform still holds of a row that is gone must not be taken for a new one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

HIGHEST = "SELECT name, seq FROM sqlite_sequence"
BUSY = 30  # seconds to wait for a process that writes


class FirstState:
    """A copy of a site's database of SQLite, in memory."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._copy = self._copied()

    def put_back(self) -> None:
        """Make the database what it was when it was copied."""
        with closing(sqlite3.connect(self._database, timeout=BUSY)) as live:
            highest = live.execute(HIGHEST).fetchall()
            self._copy.backup(live)
            live.execute(f"PRAGMA busy_timeout={BUSY * 1000}")
            with live:
                live.execute("DELETE FROM sqlite_sequence")
                live.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", highest)

    def _copied(self) -> sqlite3.Connection:
        copy = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._database, timeout=BUSY)) as live:
            live.backup(copy)
        return copy
