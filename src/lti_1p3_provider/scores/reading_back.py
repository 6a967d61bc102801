"""Asks platforms which results they show, for rows that somebody chose.

The seam to ``scores.reconcile``: everything else (pages, admin, command, task) calls only what is here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.standing import only_different

Reader = Callable[[QuerySet[PendingScore]], object]  # stores result_given, result_maximum, result_at

reader: Reader | None = None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """``asked``: rows that were to be asked about; ``answered``: those that have a result's time now."""

    asked: int
    answered: int
    different: int


def is_possible() -> bool:
    """Whether results can be read at all."""
    return reader is not None


def read_back(rows: QuerySet[PendingScore]) -> ReadBack:
    """Read the results of rows now; may take long, so never while somebody waits for a page."""
    pks = list(rows.values_list("pk", flat=True))
    chosen = PendingScore.objects.filter(pk__in=pks)
    if reader is not None:
        reader(chosen)
    answered = chosen.filter(result_at__isnull=False).count()
    return ReadBack(len(pks), answered, only_different(chosen).count())
