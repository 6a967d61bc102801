"""A private MariaDB, set up as sites have it: READ COMMITTED and utf8mb4. It is empty, or begins with what another one
left: see ``pack``."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql

from demo.stack import free_port
from tests import services

PROGRAMS = ("mariadbd", "mysql_install_db", "my_print_defaults")
SERVICE_USER = "nobody"  # MariaDB does not run as root, and a user of its own comes with a whole installation only
USER = "lms"
CHARSET = "utf8mb4"
SMALL = "--innodb-log-file-size=16M"  # which is written in full at the beginning
ENGINE = "tests.services.django_mariadb"


@dataclass(frozen=True)
class MariaDb:
    """A running MariaDB. ``user`` may do everything, over the port or the socket."""

    host: str
    port: int
    user: str
    password: str
    socket: Path
    data: Path
    server: services.Server = field(repr=False)

    @property
    def account(self) -> dict[str, Any]:
        """Where it is and who may come in, as Django is told of it."""
        return {"HOST": self.host, "PORT": self.port, "USER": self.user, "PASSWORD": self.password}

    def database(self, name: str, charset: str = CHARSET) -> dict[str, Any]:
        """Make an empty database, unless it is there; return how Django is told of it."""
        self._run(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET {charset}")
        return {"ENGINE": ENGINE, "NAME": name, **self.account}

    def pack(self, path: Path) -> None:
        """Shut it down, and write all that it has into a file with which others can begin."""
        self._run("SHUTDOWN")
        self.server.await_end()
        subprocess.run(["tar", "-czf", str(path), "-C", str(self.data), "."], check=True)

    def _run(self, statement: str) -> None:
        account = {key.lower(): value for key, value in self.account.items()}
        with closing(pymysql.connect(**account, ssl_disabled=True)) as connection:
            connection.cursor().execute(statement)

    def restart(self) -> None:
        """Crash it and start it again: same port, same data, all connections lost."""
        self.server.restart()

    def kill(self) -> None:
        """Crash it."""
        self.server.kill()


def version() -> str:
    """Return which MariaDB is installed."""
    return subprocess.run([str(services.find("mariadbd")), "--version"], capture_output=True, text=True).stdout


def missing() -> str:
    """Return why MariaDB cannot be started; empty if it can."""
    return services.missing(*PROGRAMS)


@contextmanager
def running(*, in_memory: bool = False, packed: Path | None = None) -> Iterator[MariaDb]:
    """Start a private MariaDB without databases; end it and remove its data afterwards.

    ``in_memory``: not on a disk if there is room. To start takes seconds less, and nobody waits for what is written.
    ``packed``: what another one packed, to begin with.
    """
    with services.folder("mariadb", in_memory=in_memory) as folder:
        as_user = [f"--user={SERVICE_USER}"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(folder, SERVICE_USER)
        data, socket, password, port = folder / "data", folder / "socket", secrets.token_urlsafe(16), free_port()
        _unpack(packed, data, as_user) if packed else _install(data, as_user)
        first_words = folder / "init.sql"
        first_words.write_text(_account(password), encoding="ascii")
        command = ["mariadbd", "--no-defaults", *as_user, f"--datadir={data}", f"--socket={socket}"]
        command += [f"--port={port}", f"--bind-address={services.HOST}", "--skip-name-resolve"]
        command += ["--transaction-isolation=READ-COMMITTED", f"--character-set-server={CHARSET}"]
        command += [f"--init-file={first_words}", f"--pid-file={folder}/pid"]
        command += [SMALL] if in_memory else []
        command += ["--innodb-flush-log-at-trx-commit=2"]  # survives the server's crash, not the machine's
        server = services.Server(command, port, folder)
        try:
            server.start()
            yield MariaDb(services.HOST, port, USER, password, socket, data, server)
        finally:
            server.kill()


def _install(data: Path, as_user: list[str]) -> None:
    """Make the system tables. Root has no password, but is let in over the socket by its own system account only."""
    command = [str(services.find("mysql_install_db")), "--no-defaults", *as_user, f"--datadir={data}"]
    command += ["--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve", "--force"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise services.ServerNotStarted(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _unpack(packed: Path, data: Path, as_user: list[str]) -> None:
    data.mkdir()
    subprocess.run(["tar", "-xzf", str(packed), "--no-same-owner", "-C", str(data)], check=True)
    if as_user:
        for path in (data, *data.rglob("*")):
            shutil.chown(path, SERVICE_USER)


def _account(password: str) -> str:
    """Return what the server runs at each start."""
    return (
        f"CREATE OR REPLACE USER '{USER}'@'%' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
    )
