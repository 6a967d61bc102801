"""Reads the one row that a unique identity names."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def single(rows: QuerySet[Row]) -> Row | None:
    """Return the only row, or None; unlike ``first()`` it does not make the database sort, nor Django say so."""
    return next(iter(rows[:1]), None)
