"""Fixtures of the properties."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connection import Connection

from .key_server import KeyServer


@pytest.fixture
def gated(connection: Connection) -> Connection:
    """A registration that may open nothing: each genuine launch is refused after it was verified."""
    connection.gate()
    return connection


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    """A key set URL of a stranger, over real HTTP."""
    with KeyServer() as running:
        yield running
