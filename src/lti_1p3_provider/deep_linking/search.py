"""Searches the titles of everything that is offered. The gate and the site's filter decide about each result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.deep_linking import filtering, gate_scope, recent
from lti_1p3_provider.deep_linking.entries import Chooser, Entry, Page
from lti_1p3_provider.deep_linking.showing import entry_of
from lti_1p3_provider.gates import policy
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline import search as titles
from lti_1p3_provider.outline.find import stands_alone
from lti_1p3_provider.outline.models import OutlineBlock
from lti_1p3_provider.outline.words import searched

RESULTS = 30  # in one part
MAX_PARTS = 4  # that are read for one, where gate and filter leave out most
MAX_ROWS = 1000  # rows that somebody may leaf through
WITH_CHILDREN = frozenset(("course", "chapter", "sequential", "vertical"))


def search(
    who: Chooser,
    text: str,
    *,
    course_key: str | None = None,
    block_type: str = "",
    graded: bool | None = None,
    after: str = "",
) -> Page[Entry]:
    """Return what can be chosen and has all words of ``text`` in its title. The beginning of a word is enough.

    The results may be limited to one course, one type, or graded content. Without words, results come from one course
    only.

    Raises:
        PickerStopped, PickerFilterFailed: see ``filtering``.
    """
    scope, words = gate_scope.of(who), searched(text)
    keep = filtering.judge(who)
    if course_key:
        scope = scope.only(course_key)
    if scope.is_empty or not (words or (course_key and not text.strip())):
        return Page()
    courses = tuple(map(str, scope.courses))
    wanted = titles.Wanted(words, scope.everything, scope.orgs, courses, block_type, graded)
    found: list[Entry] = []
    start = int(after) if after.isascii() and after.isdecimal() and len(after) < 5 else 0
    placed = recent.placed(who)
    for _ in range(MAX_PARTS):
        rows = titles.find(wanted, start, RESULTS + 1)
        part = rows[:RESULTS]
        found += _Results(who, part, placed, keep).entries()
        start += RESULTS
        more = len(rows) > RESULTS and start < MAX_ROWS
        if not more or len(found) >= RESULTS:
            break
    return Page(tuple(found), str(start) if more else "")


class _Results:
    """Blocks of any courses, with everything above each of them. One query."""

    def __init__(
        self, who: Chooser, rows: Iterable[OutlineBlock], placed: frozenset[str], keep: Callable[[Entry], bool]
    ) -> None:
        self._who = who
        self._rows = list(rows)
        self._placed = placed
        self._keep = keep
        self._openings: dict[str, policy.Opening] = {}
        self._above = self._read_above()
        self._kept: dict[str, bool] = {}

    def entries(self) -> list[Entry]:
        """Return what can be chosen."""
        return [self._entry(row) for row in self._rows if self._is_open(row) and self._is_kept(row)]

    def _read_above(self) -> Mapping[str, OutlineBlock]:
        names = {digest(key) for row in self._rows for key in _above(row)}
        rows = OutlineBlock.objects.select_related("outline").filter(usage_digest__in=names) if names else ()
        return {row.usage_key: row for row in rows}

    def _is_open(self, row: OutlineBlock) -> bool:
        course = row.outline.course_key
        if course not in self._openings:
            self._openings[course] = policy.opening_of(self._who.registration, CourseKey.from_string(course))
        types = (name.partition("@")[0] for name in row.above.split())
        return stands_alone(row.block_type, types) and self._openings[course].has(row.usage_key, row.block_type)

    def _is_kept(self, row: OutlineBlock) -> bool:
        """Tell whether learners may see the block and the site's filter keeps it, and everything above it, too."""
        above = [self._above.get(key) for key in _above(row)]
        return all(one is not None and self._is_kept_itself(one) for one in (*above, row))

    def _is_kept_itself(self, row: OutlineBlock) -> bool:
        if (known := self._kept.get(row.usage_key)) is None:
            known = self._kept[row.usage_key] = not row.staff_only and self._keep(self._entry(row))
        return known

    def _entry(self, row: OutlineBlock) -> Entry:
        above = _above(row)
        return entry_of(
            row,
            course=(row.outline.course_key, row.outline.title),
            parent=above[-1] if above else None,
            depth=len(above),
            has_children=row.block_type in WITH_CHILDREN,
            placed=self._placed,
            choosable=self._is_open(row),
        )


def _above(row: OutlineBlock) -> list[str]:
    """Return the keys of all blocks above, the course's own first."""
    course_key = CourseKey.from_string(row.outline.course_key)
    return [str(course_key.make_usage_key(*name.split("@", 1))) for name in row.above.split()]
