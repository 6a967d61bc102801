"""Empties the database after a test that committed something.

Django deletes from each table and makes all content types and permissions once more, which takes longer than many a
test. Here one query tells which tables have rows, and those are emptied; content types stay as they were. Permissions
are never made: who needs one asks for the fixture ``permissions``. After a test that changed what is there from the
beginning, as those do that migrate, SQLite's file is copied back, and other databases are migrated again.

No primary key is given twice: what a process remembers of a row must not fit another test's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management import call_command
from django.core.management.color import no_style
from django.core.management.commands import flush
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

Rows = list[tuple[Any, ...]]


class Empty:
    """What is in a database that nothing was committed to."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._quoted = connection.ops.quote_name
        self._first: dict[str, Rows] = {}
        self._tables: list[str] = []
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                if rows := self._rows(cursor, table):
                    self._first[table] = rows
                else:
                    self._tables.append(table)
        self._copy: sqlite3.Connection | None = None
        if connection.vendor == "sqlite":
            self._copy = sqlite3.connect(":memory:", check_same_thread=False)
            connection.connection.backup(self._copy)

    def copy_back(self, connection: BaseDatabaseWrapper) -> bool:
        """Copy tables and all back; return False if there is no copy."""
        if self._copy is None:
            return False
        put_back(self._copy, connection.connection)
        return True

    def forget(self) -> None:
        """Close the copy."""
        if self._copy is not None:
            self._copy.close()

    def restore(self, connection: BaseDatabaseWrapper) -> bool:
        """Leave nothing else there; return False if something of it has changed."""
        some = ", ".join(f"EXISTS (SELECT 1 FROM {self._quoted(table)})" for table in self._tables)  # noqa: S608
        with connection.cursor() as cursor:
            if any(self._rows(cursor, table) != rows for table, rows in self._first.items()):
                return False
            cursor.execute(f"SELECT {some}")
            filled = [table for table, has in zip(self._tables, cursor.fetchone(), strict=True) if has]
        if filled:
            ops, cascade = connection.ops, connection.vendor == "postgresql"  # which asks for it, though nothing refers
            with connection.constraint_checks_disabled():
                ops.execute_sql_flush(ops.sql_flush(no_style(), filled, allow_cascade=cascade))
        return True

    def _rows(self, cursor: Any, table: str) -> Rows:
        cursor.execute(f"SELECT * FROM {self._quoted(table)}")  # noqa: S608
        return sorted(cursor.fetchall())


def put_back(copy: sqlite3.Connection, database: sqlite3.Connection) -> None:
    """Make a database of SQLite what it was when it was copied, but for the primary keys that were given meanwhile."""
    given = database.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    copy.backup(database)
    database.execute("DELETE FROM sqlite_sequence")
    database.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", given)


def _content_types(*args: object, **kwargs: object) -> None:
    for app in apps.get_app_configs():
        create_contenttypes(app, verbosity=0)


@contextmanager
def emptied_quickly() -> Iterator[None]:
    """Empty the databases now, and then like this; SQLite's connections stay open from test to test."""

    def emptied(alias: str) -> Empty:
        call_command("flush", verbosity=0, interactive=False, database=alias, reset_sequences=False)
        return Empty(connections[alias])

    def empty(case: Any) -> None:
        for alias in case._databases_names(include_mirrors=False):
            if not (known[alias].restore(connections[alias]) or known[alias].copy_back(connections[alias])):
                call_command("migrate", verbosity=0, interactive=False, database=alias)
                known[alias] = emptied(alias)

    def reloads(case: Any) -> bool:
        return any(connections[alias].vendor != "sqlite" for alias in case._databases_names(include_mirrors=False))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", _content_types)
        known = {alias: emptied(alias) for alias in connections}
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        patch.setattr(TransactionTestCase, "_should_reload_connections", reloads)
        yield
    for one in known.values():
        one.forget()
