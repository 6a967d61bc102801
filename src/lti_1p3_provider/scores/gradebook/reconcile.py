"""Compares what was sent with what platforms' gradebooks show. It only looks: a teacher's own grade stays.

``PendingScore`` keeps what was shown last, so that a difference can be seen later too, with ``difference_of``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.utils import timezone

from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.lti import ags, results, transport
from lti_1p3_provider.lti.results import Result
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.reasons import Reason, Why

FEW = 3  # people of a column who are asked for one by one
NEEDED = ("platform_user", "line_item__resource_link__deployment__registration", "registration")


@dataclass(frozen=True, slots=True)
class Difference:
    """A score that was sent, and what the gradebook shows instead; ``shown_given`` is None if it shows nothing."""

    row_pk: int
    sent_given: float
    sent_maximum: float
    shown_given: float | None
    shown_maximum: float | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A column that could not be read, and why."""

    line_item_pk: int
    why: Why


@dataclass(slots=True)
class Reconciliation:
    """``same`` and ``differences`` are about scores that platforms took; ``unsent`` counts rows without one, or where
    that is not certain right now."""

    same: int = 0
    unsent: int = 0
    differences: list[Difference] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


def reconcile(rows: Iterable[PendingScore]) -> Reconciliation:
    """Ask the platforms what they show for these rows, write it down and compare. It waits for them, in this thread."""
    report = Reconciliation()
    known = PendingScore.objects.select_related(*NEEDED).in_bulk([row.pk for row in rows])
    ordered = sorted(known.values(), key=lambda row: (row.line_item_id, row.pk))
    for _, group in groupby(ordered, key=lambda row: row.line_item_id):
        _of_column(list(group), report)
    return report


def difference_of(row: PendingScore) -> Difference | None:
    """Return how what was shown last differs from what was sent; None if it does not, or was sent later."""
    if not row.differs or row.sent_given is None or row.sent_maximum is None:
        return None
    return Difference(row.pk, row.sent_given, row.sent_maximum, row.result_given, row.result_maximum)


def _of_column(rows: list[PendingScore], report: Reconciliation) -> None:
    item, asked_at = rows[0].line_item, timezone.now()
    if obstacle := _obstacle(item):
        report.troubles.append(Trouble(item.pk, obstacle))
        return
    people = [row.platform_user.sub for row in rows] if len(rows) <= FEW else [""]
    try:
        found = [one for person in people for one in transport.run(results.read(item.deployment, item.column, person))]
    except LtiError as error:
        report.troubles.append(Trouble(item.pk, reasons.of_error(error)))
        return
    shown: dict[str, Result] = {}
    for one in found:
        if not one.is_odd or one.user_id not in shown:
            shown[one.user_id] = one
    odd = 0
    for row in rows:
        result = shown.get(row.platform_user.sub)
        if result is not None and result.is_odd:
            odd += 1
            continue
        _write(row, result, asked_at)
        _count(row, report)
    if odd:
        report.troubles.append(Trouble(item.pk, Why(Reason.ODD_RESULTS, detail=str(odd))))


def _obstacle(item: LineItem) -> Why | None:
    if not item.deployment.is_open:
        return Why(Reason.SWITCHED_OFF)
    if not item.url:
        return item.why or Why(Reason.NO_COLUMN)
    if ags.RESULT_SCOPE not in item.scopes:
        return Why(Reason.MAY_NOT_READ)
    return None


def _write(row: PendingScore, result: Result | None, asked_at: datetime) -> None:
    row.result_given = result.given if result else None
    row.result_maximum = result.maximum if result and result.given is not None else None
    row.result_at = asked_at
    row.save(update_fields=["result_given", "result_maximum", "result_at"])


def _count(row: PendingScore, report: Reconciliation) -> None:
    if row.sent_at is None or row.sent_given is None:
        report.unsent += 1
    elif difference := difference_of(row):
        report.differences.append(difference)
    else:
        report.same += 1
