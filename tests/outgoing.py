"""Notices requests of ours that are made while a transaction is open: locks would be held for as long as a platform
takes, and on SQLite a platform that fetches our keys meanwhile waits for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from requests import PreparedRequest
from requests.adapters import HTTPAdapter

from lti_1p3_provider.lti.transport import USER_AGENT

send = HTTPAdapter.send


class InTransaction(BaseException):
    """A request was about to go out. Nothing may take it for an answer of the platform."""


def is_in_transaction() -> bool:
    """Tell whether this thread has an atomic block open that is no test's own."""
    return any(
        not getattr(block, "_from_testcase", False)
        for connection in connections.all(initialized_only=True)
        for block in connection.atomic_blocks
    )


@contextmanager
def watched() -> Iterator[list[str]]:
    """Refuse such requests inside, and list them. The emulated platform's and the tests' own are not ours."""
    seen: list[str] = []

    def checked(self: HTTPAdapter, request: PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        if request.headers.get("User-Agent") == USER_AGENT and is_in_transaction():
            seen.append(f"{request.method} {request.url}")
            raise InTransaction(seen[-1])
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = checked  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        HTTPAdapter.send = send  # type: ignore[method-assign]
