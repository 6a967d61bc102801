"""A private Redis that keeps nothing on disk: after a restart it is empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from demo.stack import free_port
from tests import services


@dataclass(frozen=True)
class Redis:
    """A running Redis."""

    host: str
    port: int
    server: services.Server = field(repr=False)

    @property
    def url(self) -> str:
        """What clients are given."""
        return f"redis://{self.host}:{self.port}/0"

    def restart(self) -> None:
        """Crash it and start it again: same port, empty."""
        self.server.restart()

    def kill(self) -> None:
        """Crash it."""
        self.server.kill()


def missing() -> str:
    """Return why Redis cannot be started; empty if it can."""
    return services.missing("redis-server")


@contextmanager
def running() -> Iterator[Redis]:
    """Start a private Redis; end it afterwards."""
    with services.folder("redis") as folder:
        port = free_port()
        command = ["redis-server", "--bind", services.HOST, "--port", str(port), "--dir", str(folder)]
        server = services.Server([*command, "--save", "", "--appendonly", "no"], port, folder)
        try:
            server.start()
            yield Redis(services.HOST, port, server)
        finally:
            server.kill()
