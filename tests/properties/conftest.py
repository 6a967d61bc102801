"""Fixtures of the properties."""

from __future__ import annotations

import pytest

from tests.connection import Connection


@pytest.fixture
def gated(connection: Connection) -> Connection:
    """A registration that may open nothing: each genuine launch is refused after it was verified."""
    connection.gate()
    return connection
