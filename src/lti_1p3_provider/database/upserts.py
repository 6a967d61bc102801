"""Writes many rows at once, whether or not they exist already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

CHUNK = 500  # rows or values in one statement

Value = TypeVar("Value")


def upsert(rows: Sequence[Model], names: Collection[str], values: Collection[str]) -> None:
    """Insert rows of one model. Where a row with the same ``names`` exists, write the fields ``values`` into it."""
    if rows:
        # MySQL and MariaDB know by themselves which row is in the way, and take no names.
        named: Any = {"unique_fields": names} if connection.features.supports_update_conflicts_with_target else {}
        manager = type(rows[0])._default_manager
        manager.bulk_create(rows, update_conflicts=True, update_fields=values, batch_size=CHUNK, **named)


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield the values in chunks that one statement can take."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))
