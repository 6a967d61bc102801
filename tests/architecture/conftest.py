"""What was parsed is kept for the tests of this folder only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .read import nodes_of, tree_of


@pytest.fixture(scope="package", autouse=True)
def forgotten_at_the_end() -> Iterator[None]:
    """Give the memory back: millions of objects, which Python would look through for garbage at each process's end."""
    yield
    nodes_of.cache_clear()
    tree_of.cache_clear()
