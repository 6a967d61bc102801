"""Compares what was sent with what platforms' gradebooks show. It only reads: a teacher's own grade stays, and
``missing`` sends again what was lost.

``PendingScore`` keeps what was shown last, so ``difference_of`` can tell a difference later, too.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.errors import LtiError, PlatformUnreachable
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import ags, results, transport
from lti_1p3_provider.lti.results import Result, Shown
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import retry
from lti_1p3_provider.scores.reasons import Reason, Why

FEW = 3  # people of a column who are asked for one by one
SILENT = 3  # columns of a platform that got no answer at all, until its others are left for another time
MAX_NAMES = 500  # that are looked for
NEEDED = ("platform_user", "line_item__resource_link__deployment__registration", "registration")

log = logging.getLogger(__name__)


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
    """A column that could not be read, or not for certain, and why. ``scores``: how many scores that concerns. The
    block is that of the first of them."""

    line_item_pk: int
    why: Why
    scores: int = 0
    course_key: str = ""
    usage_key: str = ""


@dataclass(slots=True)
class Reconciliation:
    """``same`` and ``differences`` are about scores that platforms took; ``unsent`` counts rows without one, or where
    that is not certain right now. ``lost``: rows for which the platform shows nothing, although its answer was read
    completely and without trouble."""

    same: int = 0
    unsent: int = 0
    differences: list[Difference] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)


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
    """Read the results of rows that somebody chose, for pages, admin, command and task. It may take long, so never
    while somebody waits for a page. ``patience``: seconds after which no further column is asked."""
    pks = list(rows.values_list("pk", flat=True))
    chosen, began = PendingScore.objects.filter(pk__in=pks), timezone.now()
    report = reconcile(chosen.only("pk"), patience)  # which reads the rows itself, with all that is above
    for trouble in report.troubles:
        log.warning("LTI results of column %s: %s", trouble.line_item_pk, trouble.why)
    answered = chosen.filter(result_at__gte=began).count()
    different, missing = chosen.different().filter(result_given__isnull=False).count(), chosen.lost().count()
    return ReadBack(len(pks), answered, different, missing, report.same, tuple(report.lost), tuple(report.troubles))


def reconcile(rows: Iterable[PendingScore], patience: float = math.inf) -> Reconciliation:
    """Ask the platforms what they show for these rows, write it down and compare. It waits for them, in this thread;
    after ``patience`` seconds no further column is asked."""
    report, ends, silent = Reconciliation(), time.monotonic() + patience, Counter[int]()
    known = PendingScore.objects.select_related(*NEEDED).in_bulk([row.pk for row in rows])
    ordered = sorted(known.values(), key=lambda row: (row.line_item_id, row.pk))
    for _, group in groupby(ordered, key=lambda row: row.line_item_id):
        column = list(group)
        platform = column[0].registration_id
        if obstacle := _obstacle(column[0].line_item):
            report.troubles.append(_trouble(column, obstacle))
        elif silent[platform] >= SILENT or time.monotonic() > ends:
            report.troubles.append(
                _trouble(column, Why(Reason.NOT_ASKED if silent[platform] >= SILENT else Reason.NO_TIME))
            )
        else:
            try:
                _of_column(column, report)
            except LtiError as error:
                silent[platform] += isinstance(error, PlatformUnreachable)
                report.troubles.append(_trouble(column, _why(error)))
    return report


def difference_of(row: PendingScore) -> Difference | None:
    """Return how what was shown last differs from what was sent; None if it does not, or was sent later."""
    if not row.differs or row.sent_given is None or row.sent_maximum is None:
        return None
    return Difference(row.pk, row.sent_given, row.sent_maximum, row.result_given, row.result_maximum)


def _of_column(rows: Sequence[PendingScore], report: Reconciliation) -> None:
    """Ask about one column; an error writes nothing down."""
    item, asked_at = rows[0].line_item, timezone.now()
    answers = _answers(rows)
    shown: dict[str, Result] = {}
    for one in sorted((one for answer in answers for one in answer.results), key=_weight):
        shown[one.user_id] = one
    odd, lost = 0, []
    for row in rows:
        result = shown.get(row.platform_user.sub)
        if result is not None and result.is_odd:
            odd += 1
            continue
        _write(row, result, asked_at)
        if _count(row, report) and row.result_given is None:
            lost.append(row.pk)
    if odd:
        report.troubles.append(_trouble(rows, Why(Reason.ODD_RESULTS), odd))
    elif lost and (doubt := _doubt(item, sum(answer.nobodys for answer in answers), shown)):
        report.troubles.append(_trouble(rows, Why(doubt), len(lost)))
    else:
        report.lost += lost


def _answers(rows: Sequence[PendingScore]) -> list[Shown]:
    item = rows[0].line_item
    people = [row.platform_user.sub for row in rows] if len(rows) <= FEW else [""]
    return [transport.run(results.ask(item.deployment, item.column, person)) for person in people]


def _weight(result: Result) -> int:
    """Order the results of one person, if a platform shows several: points come before an unreadable result, and that
    before none."""
    return 0 if result.given is None and not result.is_odd else 1 if result.is_odd else 2


def _doubt(item: LineItem, nobodys: int, shown: Mapping[str, Result]) -> Reason | None:
    """Return why an answer does not prove that scores were lost; None if it does."""
    if nobodys:
        return Reason.NAMELESS
    if LineItem.objects.filter(pk=item.pk, url=item.url, moved_up_to=None).first() is None:
        return Reason.MOVING
    seen = {name for name, result in shown.items() if result.given is not None}
    digests = [digest(name) for name in seen]
    known = item.pending_scores.filter(platform_user__sub_digest__in=digests[:MAX_NAMES])
    return Reason.STRANGERS if seen and not known.exists() else None


def _trouble(rows: Sequence[PendingScore], why: Why, scores: int = 0) -> Trouble:
    first = rows[0]
    return Trouble(first.line_item_id, why, scores or len(rows), first.course_key, first.usage_key)


def _why(error: LtiError) -> Why:
    """Return why results could not be read. A refusal here means reading results, not columns."""
    why = retry.of_error(error, 0, timezone.now()).why
    return replace(why, reason=Reason.MAY_NOT_READ) if why.reason is Reason.SERVICE_REFUSED else why


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


def _count(row: PendingScore, report: Reconciliation) -> Difference | None:
    difference = difference_of(row)
    if row.sent_at is None or row.sent_given is None:
        report.unsent += 1
    elif difference:
        report.differences.append(difference)
    else:
        report.same += 1
    return difference
