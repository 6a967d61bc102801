"""Finds the registrations for a page of the fleet, those with problems first.

A small fleet is judged as a whole each time. A large one is sorted by its last judgement (``Standing``), and the rows
of the page that is shown are judged anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count as Number
from django.db.models import F, Min, Q, QuerySet

from lti_1p3_provider.diagnostics import tallies
from lti_1p3_provider.diagnostics.tallies import LaunchDay
from lti_1p3_provider.fleet.facts import Gathered, Tail, gather, tail
from lti_1p3_provider.fleet.health import Facts, Health, Word, judge
from lti_1p3_provider.registrations.models import Deployment, Registration

SMALL = 200  # registrations that are looked at as a whole
SIZE = 25  # of a page
COUNTED = 2000  # attempts that whoever opens the page counts, if nobody did for long
OLD = timedelta(minutes=15)  # cron comes every ten


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see: registrations with ``text`` in the name, issuer, client id or a deployment, and with
    one of these ``words`` as health; and the number of the page, from 1."""

    text: str = ""
    words: tuple[Word, ...] = tuple(Word)
    number: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """One registration."""

    registration: Registration
    facts: Facts
    health: Health

    @property
    def days(self) -> tuple[LaunchDay, ...]:
        """Its launches by day."""
        return self.facts.days


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown. ``words``: how many registrations of the whole fleet have each word. ``unknown``: how many were
    never judged. ``looked_at``: the oldest judgement that decides the order; None: just now."""

    rows: list[Row]
    number: int
    pages: int
    found: int
    words: dict[Word, int]
    unknown: int
    looked_at: datetime | None
    tail: Tail

    def is_behind(self, now: datetime) -> bool:
        """Whether the fleet should be judged again, or its launches counted."""
        is_old = self.looked_at is not None and self.looked_at < now - OLD
        return bool(self.unknown) or is_old or not self.tail.complete


def find(asked: Asked, now: datetime, small: int = SMALL) -> Page:
    """Return a page. ``small``: up to how many registrations are judged as a whole."""
    above = _counted(now)
    by_word = Registration.objects.order_by().values("standing__word").annotate(number=Number("pk"))
    known = list(by_word.annotate(oldest=Min("standing__looked_at")))
    if sum(row["number"] for row in known) <= small:
        return _of_small(asked, above, now)
    return _of_large(asked, known, above, now)


def _counted(now: datetime) -> Tail:
    """Return where the tallies end. If nobody has counted for long, count a batch first."""
    above = tail(now)
    if above.counted_at is None or above.counted_at < now - OLD:
        tallies.roll_up(batches=1, size=COUNTED, now=now)
        above = tail(now)
    return above


def _of_small(asked: Asked, above: Tail, now: datetime) -> Page:
    pks = list(Registration.objects.order_by("title", "pk").values_list("pk", flat=True))
    everything = _rows(pks, gather(pks, above, now), now)
    named = set(_searched(Registration.objects.all(), asked.text).values_list("pk", flat=True)) if asked.text else pks
    found = [row for row in everything if row.registration.pk in named and row.health.word in asked.words]
    words = Counter(row.health.word for row in everything)
    number, pages = _number(asked, len(found))
    return Page(found[(number - 1) * SIZE : number * SIZE], number, pages, len(found), words, 0, None, above)


def _of_large(asked: Asked, known: Sequence[Any], above: Tail, now: datetime) -> Page:
    words = {Word(row["standing__word"]): row["number"] for row in known if row["standing__word"] is not None}
    chosen = _searched(_standing(Registration.objects.all(), asked), asked.text)
    is_all = not asked.text and asked.words == tuple(Word)
    found = sum(row["number"] for row in known) if is_all else chosen.count()
    number, pages = _number(asked, found)
    ordered = chosen.order_by(F("standing__word").asc(nulls_first=True), "title", "pk").values_list("pk", flat=True)
    pks = list(ordered[(number - 1) * SIZE : number * SIZE])
    rows = _rows(pks, gather(pks, above, now), now)
    oldest = min((row["oldest"] for row in known if row["oldest"]), default=None)
    unknown = sum(row["number"] for row in known if row["standing__word"] is None)
    return Page(rows, number, pages, found, words, unknown, oldest, above)


def _rows(pks: list[int], found: Gathered, now: datetime) -> list[Row]:
    """Return the rows, the worst first. Equal ones keep their order."""
    rows = [Row(*found[pk], judge(found[pk][1], now)) for pk in pks if pk in found]
    return sorted(rows, key=lambda row: row.health.word)


def _standing(rows: QuerySet[Registration], asked: Asked) -> QuerySet[Registration]:
    return rows if asked.words == tuple(Word) else rows.filter(standing__word__in=asked.words)


def _searched(rows: QuerySet[Registration], text: str) -> QuerySet[Registration]:
    if not text:
        return rows
    deployed: Any = Deployment.objects.filter(deployment_id__icontains=text).values("registration_id")
    named = Q(title__icontains=text) | Q(issuer__icontains=text) | Q(client_id__icontains=text)
    return rows.filter(named | Q(pk__in=deployed))


def _number(asked: Asked, found: int) -> tuple[int, int]:
    """Return the number of the page, and how many pages there are."""
    pages = max(1, -(-found // SIZE))
    return min(max(asked.number, 1), pages), pages
