"""Empties the database after a test that committed something.

Django deletes from each table and makes all content types and permissions once more, which takes longer than many a
test. SQLite's file is copied back instead, as it was when it was empty; other databases are emptied as Django does it,
without the permissions: who needs one asks for the fixture ``permissions``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.commands import flush
from django.db import connections

Sequences = list[tuple[str, int]]


class Empty:
    """Copies of the databases when they were empty, by alias."""

    def __init__(self) -> None:
        self._copies: dict[str, sqlite3.Connection] = {}
        self._flush = flush.Command.handle

    def make(self, command: flush.Command, **options: Any) -> None:
        """Do what the ``flush`` command does."""
        connection = connections[options["database"]]
        copy = self._copies.get(connection.alias)
        if copy is None:
            self._flush(command, **options)
            if connection.vendor == "sqlite":
                copy = sqlite3.connect(":memory:", check_same_thread=False)
                connection.connection.backup(copy)
                self._copies[connection.alias] = copy
            return
        connection.ensure_connection()
        database = connection.connection
        given = _sequences(database)
        copy.backup(database)
        _go_on(database, given)

    def forget(self) -> None:
        """Close the copies."""
        for copy in self._copies.values():
            copy.close()


def _sequences(database: sqlite3.Connection) -> Sequences:
    """Return the primary key that each table gave last."""
    return database.execute("SELECT seq, name FROM sqlite_sequence").fetchall()


def _go_on(database: sqlite3.Connection, given: Sequences) -> None:
    """Give no primary key twice: what a process remembers of a row must not fit another test's."""
    known = {name for _, name in _sequences(database)}
    database.execute("BEGIN IMMEDIATE")
    database.executemany("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", given)
    database.executemany(
        "INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)", [one for one in given if one[1] not in known]
    )
    database.execute("COMMIT")


def _content_types(*args: object, **kwargs: object) -> None:
    for app in apps.get_app_configs():
        create_contenttypes(app, verbosity=0)


@contextmanager
def emptied_quickly() -> Iterator[None]:
    """Inside, databases are emptied like this."""
    empty = Empty()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "emit_post_migrate_signal", _content_types)
        patch.setattr(flush.Command, "handle", lambda command, **options: empty.make(command, **options))
        yield
    empty.forget()
