"""A private Memcached."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from demo.stack import free_port
from tests import services

SERVICE_USER = "nobody"  # Memcached does not run as root


@dataclass(frozen=True)
class Memcached:
    """A running Memcached."""

    host: str
    port: int
    server: services.Server = field(repr=False)

    @property
    def address(self) -> str:
        """What clients are given."""
        return f"{self.host}:{self.port}"

    def restart(self) -> None:
        """Crash it and start it again: same port, empty."""
        self.server.restart()

    def kill(self) -> None:
        """Crash it."""
        self.server.kill()


def missing() -> str:
    """Return why Memcached cannot be started; empty if it can."""
    return services.missing("memcached")


@contextmanager
def running() -> Iterator[Memcached]:
    """Start a private Memcached; end it afterwards."""
    with services.folder("memcached") as folder:
        port = free_port()
        as_user = ["--user", SERVICE_USER] if os.geteuid() == 0 else []
        command = ["memcached", "--listen", services.HOST, "--port", str(port), "--udp-port", "0", *as_user]
        server = services.Server(command, port, folder)
        try:
            server.start()
            yield Memcached(services.HOST, port, server)
        finally:
            server.kill()
