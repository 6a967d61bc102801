"""SQLite for several processes: writers wait for each other instead of failing.

A transaction that reads first and writes later cannot get the lock once another has written, so each begins as a
writer; and readers do not block writers (WAL). Django 5.1 has settings for this; 4.2 has not.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, with BEGIN IMMEDIATE and WAL."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Switch on WAL."""
        connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

    def _start_transaction_under_autocommit(self) -> None:
        self.cursor().execute("BEGIN IMMEDIATE")
