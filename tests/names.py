"""Names of hosts in tests: only those of this machine are looked up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

OWN = (None, "", "localhost", socket.gethostname())


@contextmanager
def of_this_machine() -> Iterator[None]:
    """Within this, no name server is asked: a name of elsewhere has no address, at once. Addresses are taken in any
    form."""
    look_up = socket.getaddrinfo

    def found(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        return look_up(host, port, family, type, proto, flags | (0 if host in OWN else socket.AI_NUMERICHOST))

    socket.getaddrinfo = found
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
