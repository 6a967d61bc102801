"""A private PostgreSQL, empty."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.stack import free_port
from tests import services

SERVICE_USER, SERVICE_GROUP = "nobody", "nogroup"  # PostgreSQL does not run as root
INSTALLED = Path("/usr/lib/postgresql")  # where Debian has its versions
USER = "lms"


@dataclass(frozen=True)
class PostgreSql:
    """A running PostgreSQL. ``user`` may do everything."""

    host: str
    port: int
    user: str
    server: services.Server = field(repr=False)

    @property
    def account(self) -> dict[str, Any]:
        """Where it is and who may come in, as Django is told of it."""
        return {"HOST": self.host, "PORT": self.port, "USER": self.user}


@dataclass(eq=False)
class Postmaster(services.Server):
    """Accepts connections before it is ready, and ends those: "the database system is starting up"."""

    def answers(self) -> bool:
        """Return whether somebody may come in."""
        import psycopg

        try:
            psycopg.connect(host=services.HOST, port=self.port, user=USER, dbname="postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True


def missing() -> str:
    """Return why PostgreSQL cannot be used; empty if it can."""
    if importlib.util.find_spec("psycopg") is None:
        return "not installed: psycopg"
    absent = [name for name in ("initdb", "postgres") if _find(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


@contextmanager
def running(*, in_memory: bool = False) -> Iterator[PostgreSql]:
    """Start a private PostgreSQL, ``in_memory`` if there is room; end it and remove its data afterwards."""
    with services.folder("postgresql", in_memory=in_memory) as folder:
        as_user = []
        if os.geteuid() == 0:
            shutil.chown(folder, SERVICE_USER)
            as_user = ["setpriv", f"--reuid={SERVICE_USER}", f"--regid={SERVICE_GROUP}", "--clear-groups"]
        data, port = folder / "data", free_port()
        first = [*as_user, str(_find("initdb")), f"--pgdata={data}", f"--username={USER}", "--auth=trust", "--no-sync"]
        done = subprocess.run([*first, "--encoding=UTF8"], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise services.ServerNotStarted(f"{' '.join(first)}\n{done.stdout}{done.stderr}")
        command = [*as_user, str(_find("postgres")), "-D", str(data), "-p", str(port), "-h", services.HOST]
        server = Postmaster([*command, "-k", str(folder), "-c", "fsync=off"], port, folder)
        try:
            server.start()
            yield PostgreSql(services.HOST, port, USER, server)
        finally:
            server.kill()


def _find(program: str) -> str | None:
    """Return where a program is; Debian keeps most of PostgreSQL's outside the PATH."""
    found = sorted(INSTALLED.glob(f"*/bin/{program}"), key=lambda path: float(path.parts[-3]))
    return str(found[-1]) if found else services.find(program)
