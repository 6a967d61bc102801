"""Asks platforms which results they show, for rows that somebody chose; pages, admin, command and task share it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.scores.gradebook.reconcile import Trouble, reconcile
from lti_1p3_provider.scores.models import PendingScore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """``asked``: rows that were to be asked about; ``answered``: those of which the platform said something now;
    ``troubles``: columns that could not be read, and why."""

    asked: int
    answered: int
    different: int
    troubles: tuple[Trouble, ...] = ()


def read_back(rows: QuerySet[PendingScore]) -> ReadBack:
    """Read the results of rows now; may take long, so never while somebody waits for a page."""
    pks = list(rows.values_list("pk", flat=True))
    chosen, began = PendingScore.objects.filter(pk__in=pks), timezone.now()
    troubles = tuple(reconcile(chosen).troubles)
    for trouble in troubles:
        log.warning("LTI results of column %s: %s", trouble.line_item_pk, trouble.why)
    answered = chosen.filter(result_at__gte=began).count()
    return ReadBack(len(pks), answered, chosen.different().count(), troubles)
