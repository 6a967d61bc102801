"""Deletes many rows in batches: none locks more than its own, and what was deleted stays so if it is interrupted."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

BATCH = 1000


def drop(rows: QuerySet[Any, Any]) -> int:
    """Delete rows, with what hangs on them; return how many that were in all. What is not among them any more when its
    turn comes stays."""
    dropped, pks = 0, rows.values_list("pk", flat=True)
    while batch := list(pks[:BATCH]):
        dropped += rows.filter(pk__in=batch).delete()[0]
    return dropped
