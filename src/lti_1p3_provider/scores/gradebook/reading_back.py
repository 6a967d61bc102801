"""Asks platforms which results they show, for rows that somebody chose; pages, admin, command and task share it."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.scores.gradebook.reconcile import Trouble, reconcile
from lti_1p3_provider.scores.models import PendingScore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """``asked``: the number of rows to ask about; ``answered``: for how many of them the platform answered now;
    ``different``, ``missing``: how many show another grade, or none, as far as is known; ``same``: how many now show
    what was sent; ``lost``: the primary keys of those that certainly show none now; ``troubles``: columns that could
    not be read, and why."""

    asked: int
    answered: int
    different: int
    missing: int = 0
    same: int = 0
    lost: tuple[int, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def read_back(rows: QuerySet[PendingScore], patience: float = math.inf) -> ReadBack:
    """Read the results of rows now; may take long, so never while somebody waits for a page. ``patience``: seconds
    after which no further column is asked."""
    pks = list(rows.values_list("pk", flat=True))
    chosen, began = PendingScore.objects.filter(pk__in=pks), timezone.now()
    report = reconcile(chosen.only("pk"), patience)  # which reads the rows itself, with all that is above
    for trouble in report.troubles:
        log.warning("LTI results of column %s: %s", trouble.line_item_pk, trouble.why)
    answered = chosen.filter(result_at__gte=began).count()
    different, missing = chosen.different().filter(result_given__isnull=False).count(), chosen.lost().count()
    return ReadBack(len(pks), answered, different, missing, report.same, tuple(report.lost), tuple(report.troubles))
