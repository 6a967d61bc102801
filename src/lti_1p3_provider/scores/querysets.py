"""Where a score is, in one word, and the rows of the outbox that are there: SQL finds what Python says of a row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from django.db.models import Case, Exists, F, FloatField, Manager, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Abs, Coalesce, Least
from django.utils import timezone

from lti_1p3_provider.platforms import PRESETS

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
    State.GIVEN_UP: Q(given_up=True),
    State.RETRYING: Q(given_up=False, due_at__isnull=False, attempts__gt=0),
    State.WAITING: Q(given_up=False, due_at__isnull=False, attempts=0),
    State.SENT: Q(given_up=False, due_at__isnull=True, sent_at__isnull=False),
    State.NOT_SENT: Q(given_up=False, due_at__isnull=True, sent_at__isnull=True) & ~Q(reason=""),
    State.NOTHING: Q(given_up=False, due_at__isnull=True, sent_at__isnull=True, reason=""),
}
QUEUED = Q(given_up=False, due_at__isnull=False)
AWAITED = {"line_item__url": "", "line_item__container_url": ""}  # of links without a column
ONLY_OPENED = Q(given_up=False, due_at__isnull=True, sent_at__isnull=True, changed_at__isnull=True)


class LineItemQuerySet(QuerySet[Any]):
    """Line items, by what is known of their columns."""

    def with_column(self) -> Self:
        """Return those that have a column, or a list in which one may be."""
        return self.exclude(url="", container_url="")

    def awaited(self) -> Self:
        """Return those of links without a column, as ``LineItem.is_awaited`` says."""
        return self.filter(url="", container_url="")


class PendingScoreQuerySet(QuerySet[Any]):
    """Rows of the outbox, narrowed by state."""

    def in_state(self, state: State) -> Self:
        """Return those whose ``PendingScore.state`` is this one."""
        return self.filter(WHERE[state])

    def waiting(self) -> Self:
        """Return those that will be sent, and were not tried yet."""
        return self.in_state(State.WAITING)

    def retrying(self) -> Self:
        """Return those that were tried and will be tried again."""
        return self.in_state(State.RETRYING)

    def sent(self) -> Self:
        """Return those that the platform has."""
        return self.in_state(State.SENT)

    def not_sent(self) -> Self:
        """Return those that had nothing to send."""
        return self.in_state(State.NOT_SENT)

    def given_up(self) -> Self:
        """Return those that wait for a person."""
        return self.in_state(State.GIVEN_UP)

    def not_given_up(self) -> Self:
        """Return those that do not wait for a person."""
        return self.filter(given_up=False)

    def queued(self) -> Self:
        """Return those that are to be sent, now or later."""
        return self.filter(QUEUED)

    def due(self, now: datetime | None = None) -> Self:
        """Return those that may be sent by now."""
        return self.filter(due_at__lte=now or timezone.now())

    def awaiting_column(self) -> Self:
        """Return those of links that have no column."""
        return self.filter(**AWAITED)

    def with_column(self) -> Self:
        """Return those of links that have a column, or a list in which one may be."""
        items = self.model._meta.get_field("line_item").related_model.objects  # no join: only scores are to be locked
        return self.filter(Exists(items.with_column().filter(pk=OuterRef("line_item_id"))))

    def only_opened(self) -> Self:
        """Return those of people who opened the activity and did nothing in it."""
        return self.filter(ONLY_OPENED)

    def read_back(self) -> Self:
        """Return those for which it is known what the platform shows for the last score that it took."""
        return self.filter(result_at__gte=F("sent_at"), sent_maximum__gt=0, sent_given__isnull=False)

    def lost(self) -> Self:
        """Return those that the platform took and does not show."""
        return self.read_back().filter(result_given__isnull=True)

    def different(self) -> Self:
        """Return those of which the platform shows something else, as ``PendingScore.differs`` says of one."""
        share: Combinable = F("sent_given") / F("sent_maximum")
        sent = Case(When(registration__platform__in=CLAMPING, then=Least(share, Value(1.0))), default=share)
        maximum = Coalesce("result_maximum", Value(1.0), output_field=FloatField())
        apart = self.read_back().alias(apart=Abs(F("result_given") - sent * maximum))
        return apart.filter(Q(result_given__isnull=True) | Q(apart__gt=ROUNDING))


LineItems = Manager.from_queryset(LineItemQuerySet)
PendingScores = Manager.from_queryset(PendingScoreQuerySet)
