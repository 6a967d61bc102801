"""Where a score is, in a word, and whether the platform shows another one; each in Python and in SQL."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce

from lti_1p3_provider.scores.models import PendingScore

SAME = 0.005  # of the maximum: platforms round and scale


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
    if row.result_at is None or row.sent_at is None or row.result_at < row.sent_at or not row.sent_maximum:
        return False
    if row.result_given is None or row.sent_given is None:
        return True
    maximum = row.result_maximum or 1.0  # AGS 2.0, 3.3.4.7: without one it is 1
    return abs(row.result_given / maximum - row.sent_given / row.sent_maximum) > SAME


def only_different(rows: QuerySet[PendingScore]) -> QuerySet[PendingScore]:
    """Return those of the rows that ``differs`` is true of."""
    maximum = Coalesce("result_maximum", Value(1.0), output_field=FloatField())
    apart: Combinable = Abs(F("result_given") * F("sent_maximum") - F("sent_given") * maximum)
    rows = rows.alias(apart=apart, least=maximum * F("sent_maximum") * SAME)
    known = rows.filter(result_at__gte=F("sent_at"), sent_maximum__gt=0)
    return known.filter(Q(result_given__isnull=True) | Q(apart__gt=F("least")))
