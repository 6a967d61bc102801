"""The app's tables as older versions have them, for tests of migrations.

To go back through all newer migrations takes seconds, so SQLite's tables are kept from run to run, as today's are
(``tests/migrated.py``). After the test they become today's again (``tests/database.py``).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import migrated
from tests.database import put_back

APP = "lti_1p3_provider"


def back_to(name: str, config: pytest.Config) -> Any:
    """Begin a test with the tables of an older migration, which are empty; return its models."""
    connection.ensure_connection()
    kept = migrated.kept(config, name)
    if kept is not None and kept.exists():
        with closing(sqlite3.connect(kept)) as copy:
            put_back(copy, connection.connection)
        return models(name)
    found = migrate(name)
    if kept is not None:
        migrated.keep(kept)
    return found


def migrate(name: str) -> Any:
    """Bring the app's tables to a migration; return its models."""
    return MigrationExecutor(connection).migrate([(APP, name)]).apps


@cache
def models(name: str) -> Any:
    """Return the models of a migration."""
    return MigrationExecutor(connection).loader.project_state([(APP, name)]).apps
