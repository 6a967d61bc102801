"""``make bench-launch``: how fast a returning user gets in, ours against the stock PyLTI1p3 Django sample.

What is measured: login and launch of somebody who has launched before and comes with a fresh browser (no cookies), a
learner who opens a graded problem, through a registration with a launch gate. Both sides are in one process and Django
project, with the same middleware, database, and Redis for cache and sessions, and take turns: ours, stock, ours, ...
The clock runs while Django's WSGI handler works, all middleware included; the platform's part (signing the token) and
the browser's are outside it. Compared are medians.

- ``key_set_url``: the platform's key set is behind a URL, 20 ms away, on SQLite and on MariaDB; the worse counts. We
  keep it (for 15 minutes where the platform does not say how long) and have it warm; the sample fetches it each time.
- ``key_set_inline``: the same with the key set stored, so that nobody fetches anything.
- ``outgoing_per_warm_launch``: requests that arrive at the platform, counted there.
- ``queries_per_launch``: SQL of login and launch together, without sessions, accounts, profile and transaction control.
- ``growth_1m``: a launch with 1,000,000 users, launch attempts, grants and pending scores and 10,000 registrations in
  the tables, in relation to nearly empty ones (MariaDB).

The last line on stdout is the result as JSON, everything else goes to stderr. ``BENCH_QUICK=1`` makes a short run whose
numbers mean nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import MySQLdb

from bench import report
from tests.services import mariadb, redis_server

QUICK = os.environ.get("BENCH_QUICK") == "1"


def main() -> int:
    """Measure, and print the result."""
    if lacking := mariadb.missing() or redis_server.missing():
        packages = "mariadb-server-core mariadb-client-core redis-server"
        print(f"{lacking}. On Debian: apt-get install {packages}", file=sys.stderr)
        return 1
    if os.getloadavg()[0] > (os.cpu_count() or 1) / 2:
        print("This machine is busy with something else: the numbers will say little.", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="lti-bench-") as folder, redis_server.running() as redis:
        environment = {"BENCH_REDIS": redis.url, "DEMO_DIRECTORY": folder}
        file = {"ENGINE": "demo.lms.sqlite", "NAME": str(Path(folder, "bench.sqlite3")), "OPTIONS": {"timeout": 30}}
        found = {"sqlite": _run("pairs", file, environment)}
        with mariadb.running() as server:
            _as_installed(server)
            found["mariadb"] = _run("pairs", _natively(server.database("sides")), environment)
            server.database("big")
            growth = _run("growth", _natively(server.database("small")), environment)
    result = report.build(found, growth, quick=QUICK)
    for name in found:
        print(f"{name}: {json.dumps(result['details'][name])}", file=sys.stderr)
    print(json.dumps(result))
    return 0


def _natively(database: dict[str, Any]) -> dict[str, Any]:
    """Use the driver that Open edX has, instead of the tests', which needs no compiler."""
    return {**database, "ENGINE": "django.db.backends.mysql"}


def _as_installed(server: mariadb.MariaDb) -> None:
    """Have each commit on the disk before it is answered, as MariaDB does where nobody sets it otherwise."""
    account = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    with closing(MySQLdb.connect(**account)) as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def _run(module: str, database: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    """Run a part in a process of its own, since Django's settings are read once; return what it printed.

    Raises:
        subprocess.CalledProcessError: it failed; the reason is on stderr.
    """
    print(f"bench.{module} on {database['ENGINE']}...", file=sys.stderr, flush=True)
    given = {"DJANGO_SETTINGS_MODULE": "bench.settings", "BENCH_DATABASE": json.dumps(database), **environment}
    command = [sys.executable, "-m", f"bench.{module}"]
    done = subprocess.run(command, env={**os.environ, **given}, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
