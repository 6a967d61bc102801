"""Finds published blocks by the words of their titles: with the database's full-text index where it has one.

A full-text index is quick for rare words only: it collects all that matches before it hands out the first row, and
half of a site's titles may have "problem" in them. Of such words the first page is found sooner by looking at titles
one after the other. So the first courses are looked through, which on many a site are all; and the index is asked for
the others, and only for those of the words that are not everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import BooleanField, Count, Func, Q, QuerySet, Value

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock

FIRST = 40  # courses that are looked through: some 20,000 rows
SAMPLE = 20  # courses that tell which words are everywhere
COMMON = 0.005  # of all titles

Blocks = QuerySet[OutlineBlock]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: blocks of courses in ``orgs`` or ``courses``; of all where ``everything``.

    ``words``: see ``outline.words.searched``. ``block_type`` and ``graded``: only such, if given.
    """

    words: tuple[str, ...]
    everything: bool = False
    orgs: Collection[str] = ()
    courses: Collection[str] = ()
    block_type: str = ""
    graded: bool | None = None


class _Match(Func):
    """What the full-text index of migration 0017 is asked with; a subclass for each vendor."""

    output_field = BooleanField()


class _MySqlMatch(_Match):
    template = "MATCH (%(expressions)s IN BOOLEAN MODE)"
    arg_joiner = ") AGAINST ("

    @staticmethod
    def said(words: Sequence[str]) -> str:
        """Return the words in its language."""
        return " ".join(f"+{word}*" for word in words)


class _PostgreSqlMatch(_Match):
    template = "array_to_tsvector(string_to_array(%(expressions)s::tsquery)"
    arg_joiner = ", ' ')) @@ ("

    @staticmethod
    def said(words: Sequence[str]) -> str:
        """Return the words in its language."""
        return " & ".join(f"'{word}':*" for word in words)


MATCHES: dict[str, type[Any]] = {"mysql": _MySqlMatch, "postgresql": _PostgreSqlMatch}


def find(wanted: Wanted, start: int, most: int) -> list[OutlineBlock]:
    """Return ``most`` blocks with their outlines after the first ``start``, or as many as there are.

    They are in an order that stays while nothing is published. Two to four queries.
    """
    rows = _narrowed(wanted)
    outlines = _outlines(wanted)
    if connections[rows.db].vendor not in MATCHES or len(outlines) <= FIRST:
        return _in_order(rows.filter(outline_id__in=outlines), start, most)
    early = _in_order(rows.filter(outline_id__in=outlines[:FIRST]), 0, start + most)
    if len(early) == start + most:
        return early[start:]
    later = rows.filter(outline_id__gt=outlines[FIRST - 1])
    if not wanted.everything:
        later = later.filter(outline_id__in=outlines[FIRST:])
    if wanted.words:
        later = later.filter(_matches(_rare(wanted.words, outlines, rows.db), rows.db))
    skipped = max(0, start - len(early))
    return [*early[start:], *later[skipped : skipped + most - len(early[start:])]]


def _narrowed(wanted: Wanted) -> Blocks:
    """Return what learners may see of the wanted kind; the words are looked for in each title."""
    rows = OutlineBlock.objects.select_related("outline").filter(staff_only=False, position__isnull=False)
    if wanted.block_type:
        rows = rows.filter(block_type=wanted.block_type)
    if wanted.graded is not None:
        rows = rows.filter(graded=wanted.graded)
    return rows.filter(*(Q(words__contains=word) for word in wanted.words))


def _outlines(wanted: Wanted) -> list[int]:
    """Return the outlines that are looked through, in order."""
    outlines = CourseOutline.objects.exclude(version="")
    if not wanted.everything:
        named = Q(course_digest__in=[digest(key) for key in wanted.courses])
        outlines = outlines.filter(named | Q(org__in=list(wanted.orgs)))
    return list(outlines.order_by("pk").values_list("pk", flat=True))


def _in_order(rows: Blocks, start: int, most: int) -> list[OutlineBlock]:
    return list(rows.order_by("outline_id", "position")[start : start + most])


def _matches(words: Sequence[str], alias: str) -> Any:
    kind = MATCHES[connections[alias].vendor]
    return kind("words", Value(kind.said(words)))


def _rare(words: tuple[str, ...], outlines: list[int], alias: str) -> list[str]:
    """Return the words that few titles have, as far as some courses tell, or the rarest. One query for several."""
    if len(words) == 1:
        return list(words)
    sample = OutlineBlock.objects.using(alias).filter(outline_id__in=outlines[:: len(outlines) // SAMPLE])
    counts = {f"n{at}": Count("pk", filter=Q(words__contains=word)) for at, word in enumerate(words)}
    found = sample.aggregate(rows=Count("pk"), **counts)
    order = sorted((found[f"n{at}"], -len(word), word) for at, word in enumerate(words))
    rare = [word for number, _, word in order if number < COMMON * found["rows"]]
    return rare or [order[0][2]]
