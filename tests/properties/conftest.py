"""Fixtures of the properties."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.connection import Connection


@pytest.fixture
def connection(connect: Callable[..., Connection]) -> Connection:
    """A registration whose emails are believed, so that they are read like all else."""
    return connect(trust_emails=True)


@pytest.fixture
def gated(connection: Connection) -> Connection:
    """A registration that may open nothing: each genuine launch is refused after it was verified."""
    connection.gate()
    return connection
