"""The app's tables as older versions have them, for tests of migrations.

To go back through all newer migrations takes seconds, so SQLite's tables are copied from the second time on. After the
test they become today's again (``tests/database.py``).
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.database import put_back

APP = "lti_1p3_provider"
_copies: dict[str, sqlite3.Connection] = {}  # by the name of the newest migration that they have


def back_to(name: str) -> Any:
    """Begin a test with the tables of an older migration, which are empty; return its models."""
    connection.ensure_connection()
    if (copy := _copies.get(name)) is not None:
        put_back(copy, connection.connection)
        return models(name)
    found = migrate(name)
    if connection.vendor == "sqlite":
        _copies[name] = sqlite3.connect(":memory:", check_same_thread=False)
        connection.connection.backup(_copies[name])
    return found


def migrate(name: str) -> Any:
    """Bring the app's tables to a migration; return its models."""
    MigrationExecutor(connection).migrate([(APP, name)])
    return models(name)


@cache
def models(name: str) -> Any:
    """Return the models of a migration."""
    return MigrationExecutor(connection).loader.project_state([(APP, name)]).apps
