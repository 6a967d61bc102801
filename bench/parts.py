"""Runs the parts of a benchmark, each in a process of its own, with private Redis, MariaDB and SQLite file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import MySQLdb

from tests.services import mariadb, redis_server

Database = dict[str, Any]


def ready() -> bool:
    """Whether the servers are there; says on stderr what is missing, and if the machine is busy."""
    if lacking := mariadb.missing() or redis_server.missing():
        packages = "mariadb-server-core mariadb-client-core redis-server"
        print(f"{lacking}. On Debian: apt-get install {packages}", file=sys.stderr)
        return False
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        print("This machine is busy with something else: the numbers will say little.", file=sys.stderr)
    return True


@contextmanager
def places() -> Iterator[tuple[Database, mariadb.MariaDb, dict[str, str]]]:
    """Give an SQLite database, a MariaDB and the environment that parts need; all of it goes away."""
    with (
        tempfile.TemporaryDirectory(prefix="lti-bench-") as folder,
        redis_server.running() as redis,
        mariadb.running() as server,
    ):
        _as_installed(server)
        file = {"ENGINE": "demo.lms.sqlite", "NAME": str(Path(folder, "bench.sqlite3")), "OPTIONS": {"timeout": 30}}
        yield file, server, {"BENCH_REDIS": redis.url, "DEMO_DIRECTORY": folder}


def database(server: mariadb.MariaDb, name: str) -> Database:
    """Make an empty database, used with the driver that Open edX has; the tests' needs no compiler."""
    return {**server.database(name), "ENGINE": "django.db.backends.mysql"}


def _as_installed(server: mariadb.MariaDb) -> None:
    """Have each commit on the disk before it is answered, as MariaDB does where nobody sets it otherwise."""
    account = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    with closing(MySQLdb.connect(**account)) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def run(module: str, database: Database, environment: dict[str, str]) -> dict[str, Any]:
    """Run a part in a process of its own, since Django's settings are read once; return what it printed.

    Raises:
        subprocess.CalledProcessError: it failed; the reason is on stderr.
    """
    print(f"bench.{module} on {database['ENGINE']}...", file=sys.stderr, flush=True)
    given = {"DJANGO_SETTINGS_MODULE": "bench.settings", "BENCH_DATABASE": json.dumps(database), **environment}
    command = [sys.executable, "-m", f"bench.{module}"]
    done = subprocess.run(command, env={**os.environ, **given}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)
