"""What became of claimed scores, written down; and rows that people or repairs make due again.

Nothing here waits for a row while holding another one: a learner's request may hold it, and must not end in a deadlock.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import Error, transaction
from django.db.models import Case, F, FloatField, Q, QuerySet, Value, When
from django.utils import timezone

from lti_1p3_provider.database.conflicts import is_conflict, traced
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox.claim import CHUNK, SENT, lock, parts
from lti_1p3_provider.scores.reasons import Reason, Why

Values = tuple[tuple[str, object], ...]
FREE = (("lease", ""), ("leased_until", None))
KEPT = Q(earned__isnull=False, changed_at=None)  # points that no answer of the person's present account gave
IDENTITY = ("pk", "lease", "revision")
TRIES, PAUSE = 5, 0.05  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to write into a claimed row if we still hold its lease: ``newest`` if the claimed revision is still the
    newest; ``outdated`` if the grade or the column changed meanwhile, in which case the row stays due at the time that
    ``intake`` set, and what the platform has stays unknown. ``sent``: use the moment of writing as ``sent_at``."""

    newest: Values
    outdated: Values
    sent: bool = False


Notes = dict[int, tuple[PendingScore, Outcome]]  # by the row's primary key


def write_down(outcomes: Iterable[tuple[PendingScore, Outcome]]) -> list[tuple[PendingScore, Outcome]]:
    """Write down what became of claimed rows, equal values together, with one commit for all; return what is left.

    What is left are rows that another transaction holds: a learner's slow request, or an operator who regrades a
    course, must not keep a worker waiting.
    """
    left: Notes = {row.pk: (row, outcome) for row, outcome in outcomes}
    for part in parts(list(left)):
        try:
            written = _write({pk: left[pk] for pk in part})
        except Exception as error:  # also a value that the driver cannot encode
            log.error("LTI scores: what became of %s scores is written one by one: %s", len(part), traced(error))
            written = {pk for pk in part if _write_alone(*left[pk])}
        for pk in written:
            del left[pk]
    return list(left.values())


def _write(notes: Notes) -> set[int]:
    """Write some down with one commit; return those that are settled, which is all that no other transaction holds."""
    settled: set[int] = set()
    with transaction.atomic():
        now = timezone.now()
        together: defaultdict[Values, list[int]] = defaultdict(list)
        for pk, lease, revision in lock(PendingScore.objects.filter(pk__in=list(notes))).values_list(*IDENTITY):
            row, outcome = notes[pk]
            settled.add(pk)
            if lease == row.lease and revision == row.revision:
                together[(*outcome.newest, ("sent_at", now)) if outcome.sent else outcome.newest].append(pk)
            elif lease == row.lease:
                together[outcome.outdated].append(pk)
        for values, pks in together.items():
            PendingScore.objects.filter(pk__in=pks).update(**dict(values))
    return settled


def _write_alone(row: PendingScore, outcome: Outcome) -> bool:
    """Write one down, or give it up if the database rejects it; return whether it is settled.

    Raises:
        Exception: the database takes nothing at all.
    """
    try:
        return bool(_write({row.pk: (row, outcome)}))
    except Exception as error:
        if isinstance(error, Error) and is_conflict(error):
            return False  # somebody else's turn
        log.error("LTI scores: what became of row %s cannot be written down: %s", row.pk, traced(error))
        return bool(_write({row.pk: (row, give_up(row, Why(Reason.UNWRITABLE, detail=type(error).__name__)))}))


def release_unsent(row: PendingScore) -> Outcome:
    """Give a claimed row back unsent; it stays due when it was."""
    return Outcome((*FREE, *_as_sent(row)), FREE)


def hold(row: PendingScore, until: datetime) -> Outcome:
    """Give a claimed row back unsent, and let nobody claim it before ``until``; it stays due when it was."""
    kept = (("lease", ""), ("leased_until", until))
    return Outcome((*kept, *_as_sent(row)), kept)


def release_unknown(row: PendingScore) -> Outcome:
    """Give back a claimed row that may or may not have been sent; it stays due when it was."""
    return Outcome(FREE, FREE)


def delivered(row: PendingScore, given: float, maximum: float, why: Why) -> Outcome:
    """The platform took the score of the claimed revision; a newer one stays due."""
    if (row.earned, row.possible) == (given, maximum):  # so many rows have one UPDATE
        points: Values = (("sent_given", F("earned")), ("sent_maximum", F("possible")))
    else:
        points = (("sent_given", given), ("sent_maximum", maximum))
    once_more = ("deliveries", F("deliveries") + 1)
    return _settled(row, why, (*points, once_more), (once_more,), sent=True)


def settled(row: PendingScore, why: Why) -> Outcome:
    """The claimed revision needs nothing sent; a newer one stays due."""
    return _settled(row, why, _as_sent(row), ())


def again(row: PendingScore, at: datetime, why: Why) -> Outcome:
    """Try later."""
    tried: Values = (("due_at", at), ("attempts", F("attempts") + 1), *why.stored.items())
    return Outcome((*FREE, *tried), (*FREE, *tried))


def give_up(row: PendingScore, why: Why) -> Outcome:
    """Give up until the grade changes again, the registration is mended or somebody resends."""
    tried: Values = (*FREE, ("attempts", F("attempts") + 1), *why.stored.items())
    return Outcome((*tried, ("given_up", True), ("due_at", None)), (*tried, ("given_up", False)))


def _settled(row: PendingScore, why: Why, newest: Values, outdated: Values, *, sent: bool = False) -> Outcome:
    done: Values = (*FREE, ("attempts", 0), ("given_up", False), *why.stored.items())
    return Outcome(
        (*done, *newest, ("delivered_revision", F("revision")), ("due_at", None)),
        (*done, *outdated, ("delivered_revision", row.revision)),
        sent,
    )


def _as_sent(row: PendingScore) -> Values:
    """Return what the platform had before the row was claimed, and still has."""
    return tuple((name, getattr(row, name)) for name in SENT)


def send_anew(rows: QuerySet[PendingScore], **values: object) -> int:
    """Make rows due whatever was sent before; return how many. Their grades are read again.

    ``values``: what else is to be changed.
    """
    return change_free(rows, **{**_anew(), **values})


def _anew() -> dict[str, object]:
    anew = {"due_at": timezone.now(), "given_up": False, "attempts": 0, "sent_given": None, "sent_maximum": None}
    return {**anew, "revision": F("revision") + 1, "earned": None, "possible": None}


def send_to_new_column(rows: QuerySet[PendingScore]) -> int:
    """Make rows due for a column that has none of their scores; return how many. Points that ``people.move`` kept were
    earned with another account, and cannot be read again."""
    nothing: Any = Value(None, output_field=FloatField())
    kept = {name: Case(When(KEPT, then=F(name)), default=nothing) for name in ("earned", "possible")}
    unknown = dict.fromkeys(("sent_at", "result_given", "result_maximum", "result_at"))
    return send_anew(rows, deliveries=0, **unknown, **kept)


def send_other_block(row_pk: int, block: Mapping[str, str]) -> None:
    """Make one person's row due with the grade of another block. What was sent before says nothing about that grade."""
    unknown = dict.fromkeys(("sent_at", "changed_at", "result_given", "result_maximum", "result_at"))
    # Not only if it is free: without this the person's grade would go on coming from the block of before.
    PendingScore.objects.filter(pk=row_pk).update(**{**_anew(), **unknown, **block})


def await_other_block(row_pk: int, block: Mapping[str, str]) -> None:
    """Point one person's row to another block, where nothing is sent before the link has a column."""
    nothing_yet = dict.fromkeys(("changed_at", "earned", "possible"))
    PendingScore.objects.filter(pk=row_pk).update(**nothing_yet, **block)


def try_again(rows: QuerySet[PendingScore]) -> int:
    """Make rows due that were given up; return how many."""
    return change_free(rows, due_at=timezone.now(), given_up=False, attempts=0)


def change_free(rows: QuerySet[PendingScore], **values: object) -> int:
    """Update many rows, some at a time; return how many.

    Where the database can, locked rows are tried several times instead of being waited for: a worker holds them only
    for a moment, and a learner's request makes them due anyway.
    """
    changed, last = 0, 0
    while pks := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        last = pks[-1]
        for tries_left in reversed(range(TRIES)):
            mine = _change(rows, pks, values)
            changed += len(mine)
            pks = [pk for pk in pks if pk not in mine]
            if not pks or not tries_left:
                break
            pks = list(rows.filter(pk__in=pks).values_list("pk", flat=True))
            if pks:
                time.sleep(PAUSE)
    return changed


def _change(rows: QuerySet[PendingScore], pks: list[int], values: dict[str, object]) -> set[int]:
    """Update the rows that no other transaction holds; return which."""
    changed: set[int] = set()
    for part in parts(pks):
        with transaction.atomic():
            mine = list(lock(rows.filter(pk__in=part)).values_list("pk", flat=True))
            PendingScore.objects.filter(pk__in=mine).update(**values)
            changed.update(mine)
    return changed
