"""Asks platforms which results they show, for rows that somebody chose; pages, admin, command and task share it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.reconcile import reconcile
from lti_1p3_provider.scores.standing import only_different


@dataclass(frozen=True, slots=True)
class ReadBack:
    """``asked``: rows that were to be asked about; ``answered``: those that have a result's time now."""

    asked: int
    answered: int
    different: int


def read_back(rows: QuerySet[PendingScore]) -> ReadBack:
    """Read the results of rows now; may take long, so never while somebody waits for a page."""
    pks = list(rows.values_list("pk", flat=True))
    chosen = PendingScore.objects.filter(pk__in=pks)
    reconcile(chosen)
    answered = chosen.filter(result_at__isnull=False).count()
    return ReadBack(len(pks), answered, only_different(chosen).count())
