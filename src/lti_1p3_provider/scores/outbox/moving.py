"""Makes the scores of a link due in its new column, some at a time.

A link may have tens of thousands of learners: no launch waits for their rows, and their platform is not the only one.
``LineItem.moved_up_to`` says how far it got.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import outcomes
from lti_1p3_provider.scores.outbox.wake import nudge

BATCH = 500  # rows of one link at a time
MAX_LINKS = 10  # at a time
FROM_THE_FIRST = 0


@prepared
def _under_way() -> QuerySet[LineItem, tuple[int, int]]:
    items = LineItem.objects.filter(moved_up_to__gte=FROM_THE_FIRST).order_by("moved_up_to")
    return items.values_list("pk", "moved_up_to")[:MAX_LINKS]  # none is NULL


def go_on(batch: int = BATCH) -> bool:
    """For links with a new column, make the next ``batch`` scores of each due; return whether there were any links."""
    found = _under_way()
    for item_pk, last in found:
        _move(item_pk, last, batch)
    return bool(found)


def catch_up(pks: Collection[int]) -> None:
    """Make rows due whose link got its column while a transaction changed what is sent for them. Call it when that is
    committed.

    A worker that sent them meanwhile, or is sending them right now, may have read the grade of before. A row that is
    due, and that no worker holds, needs nothing: its grade is read later.
    """
    rows = PendingScore.objects.filter(~Q(lease="") | Q(due_at=None), pk__in=pks).with_column()
    if rows.exists() and outcomes.send_anew(rows):
        nudge(0)


def _move(item_pk: int, last: int, batch: int) -> None:
    """Move a batch. If several workers try, the one that first records the progress does it."""
    rows = PendingScore.objects.filter(line_item_id=item_pk, pk__gt=last).order_by("pk")
    pks = list(rows.values_list("pk", flat=True)[:batch])
    with transaction.atomic():
        now = pks[-1] if len(pks) == batch else None
        mine = LineItem.objects.filter(pk=item_pk, moved_up_to=last).update(moved_up_to=now)
        if mine and pks:
            outcomes.send_to_new_column(PendingScore.objects.filter(pk__in=pks))
