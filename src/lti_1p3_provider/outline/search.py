"""Finds published blocks by the words in their titles, with the database's full-text index if it has one.

A full-text index is quick for rare words only: it collects all matches before it returns the first row, and half of a
site's titles may have "problem" in them. For such words the first page is found sooner by reading titles one after
another. So the first courses are read; on many sites these are all. For the other courses the index is asked, but only
for words that are not in most titles. If all words are, more courses are read, and the rest is not searched: another
word will find it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Count, F, Lookup, Q, QuerySet

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock

FIRST = 20  # courses that are looked through: some 10,000 rows
MANY = 60  # where all words are everywhere
SAMPLE = 20  # courses that tell which words these are
COMMON = 0.03  # of all titles

if TYPE_CHECKING:
    Blocks = QuerySet[OutlineBlock]
    Base = Lookup[bool]
else:
    Base = Lookup


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: blocks of courses in ``orgs`` or ``courses``, or of all courses (``everything``).

    ``words``: see ``outline.words.searched``. ``block_type`` and ``graded``: only such blocks, if given.
    """

    words: tuple[str, ...]
    everything: bool = False
    orgs: Collection[str] = ()
    courses: Collection[str] = ()
    block_type: str = ""
    graded: bool | None = None


class _Matches(Base):
    """Asks the full-text index of migration 0019 for words that begin as given."""

    lookup_name = "words_match"
    prepare_rhs = False

    def as_mysql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Write it for MySQL and MariaDB."""
        column, params = self.process_lhs(compiler, connection)
        said = " ".join(f"+{word}*" for word in self.rhs)
        return f"MATCH ({column}) AGAINST (%s IN BOOLEAN MODE)", [*params, said]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Write it for PostgreSQL."""
        column, params = self.process_lhs(compiler, connection)
        said = " & ".join(f"'{word}':*" for word in self.rhs)
        return f"array_to_tsvector(string_to_array({column}, ' ')) @@ %s::tsquery", [*params, said]


WITH_INDEX = frozenset(("mysql", "postgresql"))


def find(wanted: Wanted, start: int, most: int) -> list[OutlineBlock]:
    """Return ``most`` blocks with their outlines after the first ``start``, or as many as there are.

    They are in an order that stays while nothing is published. Three to five queries.
    """
    found = _found(wanted, start, most)
    outlines = CourseOutline.objects.in_bulk({row.outline_id for row in found})
    for row in found:  # a join would make MariaDB sort all that it looks at
        row.outline = outlines[row.outline_id]
    return found


def _found(wanted: Wanted, start: int, most: int) -> list[OutlineBlock]:
    rows = _narrowed(wanted)
    outlines = _outlines(wanted)
    if connections[rows.db].vendor not in WITH_INDEX or len(outlines) <= FIRST:
        return _in_order(rows.filter(outline_id__in=outlines), start, most)
    early = _in_order(rows.filter(outline_id__in=outlines[:FIRST]), 0, start + most)
    if len(early) == start + most:
        return early[start:]
    skipped, wished = max(0, start - len(early)), most - len(early[start:])
    rare = _rare(wanted.words, outlines, rows.db)
    if not rare:
        return [*early[start:], *_in_order(rows.filter(outline_id__in=outlines[FIRST:MANY]), skipped, wished)]
    later = rows.filter(_Matches(F("words"), rare), outline_id__gt=outlines[FIRST - 1])
    if not wanted.everything:
        later = later.filter(outline_id__in=outlines[FIRST:])
    return [*early[start:], *later[skipped : skipped + wished]]


def _narrowed(wanted: Wanted) -> Blocks:
    """Return what learners may see of the wanted kind; the words are looked for in each title."""
    rows = OutlineBlock.objects.filter(staff_only=False, position__isnull=False)
    if wanted.block_type:
        rows = rows.filter(block_type=wanted.block_type)
    if wanted.graded is not None:
        rows = rows.filter(graded=wanted.graded)
    return rows.filter(*(Q(words__contains=word) for word in wanted.words))


def _outlines(wanted: Wanted) -> list[int]:
    """Return the outlines whose titles are read, in order."""
    outlines = CourseOutline.objects.exclude(version="")
    if not wanted.everything:
        named = Q(course_digest__in=[digest(key) for key in wanted.courses])
        outlines = outlines.filter(named | Q(org__in=list(wanted.orgs)))
    return list(outlines.order_by("pk").values_list("pk", flat=True))


def _in_order(rows: Blocks, start: int, most: int) -> list[OutlineBlock]:
    return list(rows.order_by("outline_id", "position")[start : start + most])


def _rare(words: tuple[str, ...], outlines: list[int], alias: str) -> list[str]:
    """Return the words that few titles have, judging by some courses."""
    step = max(1, len(outlines) // SAMPLE)
    sample = OutlineBlock.objects.using(alias).filter(outline_id__in=outlines[::step][:SAMPLE])
    counts = {f"n{at}": Count("pk", filter=Q(words__contains=word)) for at, word in enumerate(words)}
    found = sample.aggregate(rows=Count("pk"), **counts)
    return [word for at, word in enumerate(words) if found[f"n{at}"] < COMMON * max(1, found["rows"])]
