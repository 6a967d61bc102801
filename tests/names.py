"""Names of hosts in tests: only those of this machine are looked up."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any

OWN = ("", "localhost", socket.gethostname())


@contextmanager
def of_this_machine() -> Iterator[None]:
    """Within this, no name server is asked: a name of elsewhere has no address, at once."""
    look_up = socket.getaddrinfo

    def found(host: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        if _needs_no_server(host.decode() if isinstance(host, bytes) else host or ""):
            return look_up(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "tests ask no name server")

    socket.getaddrinfo = found
    try:
        yield
    finally:
        socket.getaddrinfo = look_up


def _needs_no_server(host: str) -> bool:
    if host in OWN:
        return True
    for is_address in (ip_address, socket.inet_aton):  # the second knows old forms, as 127.1
        with suppress(ValueError, OSError):
            is_address(host)  # type: ignore[operator]
            return True
    return False
