"""Where a score is, in a word, and whether the platform shows another one; each in Python and in SQL."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce, Least

from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.scores.models import PendingScore

ROUNDING = 0.0101  # points of the platform's scale: gradebooks keep two decimals
CLAMPING = tuple(name for name, known in PRESETS.items() if known.clamps)


class State(StrEnum):
    """The states. A row that was never answered is ``NOTHING``; one that was, but has nothing to send, ``NOT_SENT``."""

    NOTHING = "nothing"
    WAITING = "waiting"
    RETRYING = "retrying"
    SENT = "sent"
    NOT_SENT = "not_sent"
    GIVEN_UP = "given_up"


WHERE = {
    State.GIVEN_UP: Q(parked__gt=""),
    State.RETRYING: Q(parked="", due_at__isnull=False, attempts__gt=0),
    State.WAITING: Q(parked="", due_at__isnull=False, attempts=0),
    State.SENT: Q(parked="", due_at__isnull=True, sent_at__isnull=False),
    State.NOT_SENT: Q(parked="", due_at__isnull=True, sent_at__isnull=True) & ~Q(last_answer=""),
    State.NOTHING: Q(parked="", due_at__isnull=True, sent_at__isnull=True, last_answer=""),
}


def state_of(row: PendingScore) -> State:
    """Return the state of a row."""
    if row.parked:
        return State.GIVEN_UP
    if row.due_at:
        return State.RETRYING if row.attempts else State.WAITING
    if row.sent_at:
        return State.SENT
    return State.NOT_SENT if row.last_answer else State.NOTHING


def differs(row: PendingScore) -> bool:
    """Tell whether the platform, asked after the last delivery, showed another score than it was sent, or none."""
    if row.result_at is None or row.sent_at is None or row.result_at < row.sent_at:
        return False
    if row.sent_given is None or not row.sent_maximum:
        return False
    if row.result_given is None:
        return True
    share = row.sent_given / row.sent_maximum
    if row.registration.platform in CLAMPING:
        share = min(share, 1.0)
    maximum = row.result_maximum or 1.0  # AGS 2.0, 3.3.4.7: without one it is 1
    return abs(row.result_given - share * maximum) > ROUNDING


def only_different(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """Return those of the rows that ``differs`` is true of."""
    share: Combinable = F("sent_given") / F("sent_maximum")
    sent = Case(When(registration__platform__in=CLAMPING, then=Least(share, Value(1.0))), default=share)
    maximum = Coalesce("result_maximum", Value(1.0), output_field=FloatField())
    known = rows.filter(result_at__gte=F("sent_at"), sent_maximum__gt=0, sent_given__isnull=False)
    apart = known.alias(apart=Abs(F("result_given") - sent * maximum))
    return apart.filter(Q(result_given__isnull=True) | Q(apart__gt=ROUNDING))
