"""A database of SQLite with all migrations, kept from run to run in pytest's cache: to apply them takes seconds.

Its name says what it was made of. Whatever changes in a migration, in the settings or in Django makes another. Beside
it are those with fewer migrations, for ``tests/older.py``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections


def kept(config: pytest.Config, older: str = "") -> Path | None:
    """Return where such a database is, or is to be; None where none is kept. ``older`` names the newest of our
    migrations that it has, if not all."""
    if settings.TEST_DATABASE != "sqlite" or not hasattr(config, "cache") or config.getoption("create_db"):
        return None
    try:
        return config.cache.mkdir("migrated") / f"{_made_of()}{older and '.' + older}.sqlite3"
    except OSError:  # a checkout that nobody may write to
        return None


def take(config: pytest.Config) -> bool:
    """Put a copy where Django looks for its test database; tell whether there was one. Only SQLite's is a file."""
    name = connections.databases["default"]["TEST"]["NAME"] if settings.TEST_DATABASE == "sqlite" else None
    return name is not None and begin_with(config, Path(name))


def begin_with(config: pytest.Config, path: Path, make: Callable[[], None] | None = None) -> bool:
    """Put a copy where a site of the stand-in LMS looks for its database; tell whether there was one.

    Otherwise keep what ``make`` puts there, if it is given, for the next site.
    """
    found = kept(config)
    try:
        return found is not None and bool(shutil.copy(found, path))
    except FileNotFoundError:
        if found is not None and make is not None:
            make()
            with closing(sqlite3.connect(path)) as made:
                _keep(made, found)
        return False


def keep(kept: Path) -> None:
    """Keep the database that is there instead of those made of something else."""
    connection.ensure_connection()
    _keep(connection.connection, kept)


def _keep(made: sqlite3.Connection, kept: Path) -> None:
    new = kept.with_name(f"{os.getpid()}.new")
    with closing(sqlite3.connect(new)) as copy:
        made.backup(copy)
    for other in kept.parent.glob("*.sqlite3"):
        if other.name.partition(".")[0] != kept.name.partition(".")[0]:
            other.unlink(missing_ok=True)
    new.replace(kept)


def _made_of() -> str:
    said = [django.get_version(), sqlite3.sqlite_version, settings.INSTALLED_APPS, settings.CACHES]
    found = hashlib.sha256(repr(said).encode())
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:24]
