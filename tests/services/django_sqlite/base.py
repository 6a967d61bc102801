"""The stand-in LMS's SQLite, whose connections outlive the threads that use them.

The test server has a thread for each connection of a browser. To open the database anew in each of them, to define
Django's functions there, and to read the schema and write all statements again takes a tenth of the time of a launch.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any

from demo.lms.sqlite import base

_idle: defaultdict[str, list[sqlite3.Connection]] = defaultdict(list)


class DatabaseWrapper(base.DatabaseWrapper):
    """The stand-in LMS's own, on a connection that nobody uses at present, if there is one."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Take the connection that was given back last."""
        try:
            connection = _idle[str(conn_params["database"])].pop()
        except IndexError:
            return super().get_new_connection(conn_params)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _close(self) -> None:
        """Give the connection back unless something is left open or went wrong."""
        if self.in_atomic_block or self.errors_occurred or self.connection.in_transaction:
            return super()._close()
        _idle[str(self.settings_dict["NAME"])].append(self.connection)
        return None


def close_idle() -> None:
    """Close all connections that nobody uses, as before a fork."""
    for connections in _idle.values():
        while connections:
            connections.pop().close()
