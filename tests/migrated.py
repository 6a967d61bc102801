"""Databases with all migrations, kept from run to run in pytest's cache: to apply them takes 5 seconds, or 15.

SQLite's is one file; beside it are those with fewer migrations, for ``tests/older.py``. MariaDB's are packed with all
of their server's own. Their names say what they were made of: whatever changes in a migration, in the settings, in
Django or the database makes another.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections

from demo.stack import ROOT

from .services import mariadb

NAME = "test_lms"  # of the database that a kept MariaDB has: what Django calls the tests'


def kept(config: pytest.Config, older: str = "") -> Path | None:
    """Return where such a database of SQLite is, or is to be; None where none is kept. ``older`` names the newest of
    our migrations that it has, if not all."""
    ending = f"{older}.sqlite3" if older else "sqlite3"
    return _place(config, ending, sqlite3.sqlite_version) if settings.TEST_DATABASE == "sqlite" else None


def take(config: pytest.Config) -> bool:
    """Put a copy where Django looks for its test database; tell whether there was one. MariaDB has begun with one."""
    if settings.TEST_DATABASE == "mariadb":
        return True
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


def on_mariadb(config: pytest.Config) -> AbstractContextManager[mariadb.MariaDb]:
    """Start a private MariaDB in memory that has a migrated database, called ``NAME``, with the charset of this run.

    Where none can be kept it has none, and whoever uses it migrates.
    """
    charset = settings.TEST_CHARSET or mariadb.CHARSET
    place = _place(config, f"{charset}.tar.gz", mariadb.version())
    if place is not None:
        with _alone(place.with_name(f"{charset}.lock")):
            if not place.exists():
                _make(place, charset)
    return mariadb.running(in_memory=True, packed=place)


def _make(place: Path, charset: str) -> None:
    """Migrate on a server of its own; keep that instead of older ones."""
    new = place.with_name(f"{os.getpid()}.new")
    with mariadb.running(in_memory=True) as server, tempfile.TemporaryDirectory() as folder:
        inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        chosen = {"DEMO_DATABASE": repr(server.database(NAME, charset)), "DEMO_DIRECTORY": folder}
        migrate = [sys.executable, str(ROOT / "demo/lms/manage.py"), "migrate", "--verbosity=0", "--skip-checks"]
        subprocess.run(migrate, env={**inherited, **chosen}, check=True)
        server.pack(new)
    for old in place.parent.glob(f"*.{charset}.tar.gz"):
        old.unlink(missing_ok=True)
    new.replace(place)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let other processes of a parallel run wait for what this one makes."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _place(config: pytest.Config, ending: str, version: str) -> Path | None:
    if not hasattr(config, "cache") or config.getoption("create_db"):
        return None
    try:
        return Path(config.cache.mkdir("migrated"), f"{_made_of(version)}.{ending}")
    except OSError:  # a checkout that nobody may write to
        return None


def _made_of(version: str) -> str:
    said = [django.get_version(), version, settings.INSTALLED_APPS, settings.CACHES]
    found = hashlib.sha256(repr(said).encode())
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:24]
