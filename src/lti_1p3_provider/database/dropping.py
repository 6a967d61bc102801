"""Deletes many rows in batches. No batch locks more than its own rows, and what was deleted stays deleted if it is
interrupted."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

BATCH = 1000


def drop(rows: QuerySet[Any, Any]) -> int:
    """Delete rows, with everything that depends on them; return how many rows that were in all. A row that no longer
    belongs to the queryset when its batch comes stays."""
    dropped, pks = 0, rows.values_list("pk", flat=True)
    while batch := list(pks[:BATCH]):
        dropped += rows.filter(pk__in=batch).delete()[0]
    return dropped
