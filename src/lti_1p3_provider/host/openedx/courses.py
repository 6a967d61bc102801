"""What the LMS's courses have published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connections, router
from django.db.models import Case, CharField, IntegerField, Q, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Lower
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.errors import ContentNotFound
from lti_1p3_provider.host.listing import CourseCard, CourseChoice
from lti_1p3_provider.host.openedx import selecting
from lti_1p3_provider.host.port import Block, Course

_VERSION = "SELECT published_version FROM {} WHERE course_id = %s"
LOADED = "course_cache"  # where the LMS's module store keeps them in the request's cache


class OpenEdxCourses:
    """Reads the published branch of the module store. Its index of courses, with their versions, is a table."""

    def published_version(self, course_key: CourseKey) -> str | None:
        """Read the index of courses, with one column of one row: this comes with each launch and each answer."""
        from common.djangoapps.split_modulestore_django.models import SplitModulestoreCourseIndex as Index

        if hasattr(course_key, "ccx"):  # a custom course, whose content is another one's
            course_key = course_key.to_course_locator()  # type: ignore[attr-defined]
        with connections[router.db_for_read(Index)].cursor() as cursor:
            cursor.execute(_VERSION.format(Index._meta.db_table), [str(course_key)])
            row = cursor.fetchone()
        return str(row[0]) if row and row[0] else None

    def published_versions(self, course_keys: Iterable[CourseKey]) -> Mapping[CourseKey, str]:
        """Read the table of the index."""
        from common.djangoapps.split_modulestore_django.models import SplitModulestoreCourseIndex

        rows = SplitModulestoreCourseIndex.objects.filter(course_id__in=list(course_keys))
        return {key: version for key, version in rows.values_list("course_id", "published_version") if version}

    def all_keys(self) -> Iterable[CourseKey]:
        """Read the table of the index, which has libraries too."""
        from common.djangoapps.split_modulestore_django.models import SplitModulestoreCourseIndex

        keys = SplitModulestoreCourseIndex.objects.order_by("pk").values_list("course_id", flat=True)
        return [key for key in keys if key.is_course]

    def listed(self, choice: CourseChoice, after: tuple[str, str] | None, most: int) -> list[CourseCard]:
        """Read the table of courses. Courses of the old module store have no content any more, and are left out."""
        from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        rows = CourseOverview.objects.filter(visible_to_staff_only=False)
        if not choice.everything:
            rows = rows.filter(Q(org__in=choice.orgs) | Q(id__in=choice.keys))
        rows = rows.annotate(
            shown=Coalesce("display_name", Value(""), output_field=TextField()),
            sorted=Lower("shown"),
            key=Cast("id", CharField()),
        )
        for word in choice.words:
            rows = rows.filter(Q(shown__icontains=word) | Q(key__icontains=word))
        rank: Any = Value(1, IntegerField())
        if choice.first and after is not None:
            rows = rows.exclude(id__in=choice.first)
        elif choice.first:
            places = [When(id=key, then=Value(at - len(choice.first))) for at, key in enumerate(choice.first)]
            rank = Case(*places, default=Value(1), output_field=IntegerField())
        if after is not None:
            rows = rows.filter(Q(sorted__gt=after[0]) | Q(sorted=after[0], key__gt=after[1]))
        found = rows.annotate(rank=rank).order_by("rank", "sorted", "key").values_list("id", "shown", "sorted")[:most]
        return [CourseCard(key, title, (place, str(key))) for key, title, place in found]

    def read_course(self, course_key: CourseKey) -> Course | None:
        """Walk through the course. How many points a problem without a weight has, is known only to the LMS's cached
        structure."""
        version = self.published_version(course_key)
        if version is None:
            return None
        with published(course_key) as store:
            course = store.get_course(course_key, depth=None)
            if course is None:
                return None
            walk = _Walk(course_key, course, _structure(course_key))
            return Course(course.display_name or "", version, tuple(walk.blocks()))

    def read_block(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        """Load the block, and look up its parents by name. If it has several parents, those of the first count."""
        from xmodule.modulestore.exceptions import ItemNotFoundError

        if usage_key.context_key != course_key:
            raise ContentNotFound(f"{usage_key} is not in {course_key}")
        try:
            with published(course_key) as store:
                course, block = store.get_course(course_key), store.get_item(usage_key)
                above: list[UsageKey] = []
                key = usage_key
                while (found := store.get_parent_location(key)) is not None:
                    key = found.map_into_course(course_key)
                    above.insert(0, key)
        except ItemNotFoundError as error:
            raise ContentNotFound(f"{usage_key} does not exist or is not published") from error
        if not above and usage_key.block_type != "course":
            raise ContentNotFound(f"{usage_key} is not in the course's tree")
        return _block(usage_key, block, tuple(above), _opens(course, block))


class _Walk:
    """Walks through a course from its own block down. Each block comes once, after the first one that has it as a
    child."""

    def __init__(self, course_key: CourseKey, course: Any, structure: Any) -> None:
        self._course_key = course_key
        self._course = course
        self._structure = structure
        self._found: dict[UsageKey, Any] = {}
        self._children: dict[UsageKey, list[UsageKey]] = {}
        self._parents: dict[UsageKey, list[UsageKey]] = {}
        self._order: dict[UsageKey, int] = {}

    def blocks(self) -> Iterator[Block]:
        """Yield all of them."""
        self._collect(self._course)
        self._order = {key: number for number, key in enumerate(self._found)}
        for key, block in self._found.items():
            parents = self._parents.get(key)
            start = _opens(self._course, block)
            yield _block(key, block, self._above(key), start, parents[0] if parents else None, self._points(key))

    def _collect(self, block: Any) -> None:
        key = block.location.map_into_course(self._course_key)
        self._found[key] = block
        for child in block.get_children() if block.has_children else ():
            child_key = child.location.map_into_course(self._course_key)
            self._parents.setdefault(child_key, []).append(key)
            self._children.setdefault(key, []).append(child_key)
            if child_key not in self._found:
                self._collect(child)

    def _points(self, key: UsageKey) -> float | None:
        """Return what a block can earn by itself. For one that selects blocks: the most that a learner can get below
        it."""
        block, children = self._found[key], self._children.get(key, [])
        most = selecting.most(block, children, self._course, self._structure)
        if most is None:
            return _points(block, self._structure, key)
        return sum(sorted(map(self._total, children), reverse=True)[:most])

    def _total(self, key: UsageKey) -> float:
        """Return what learners can earn in a block, including everything below it."""
        if getattr(self._found[key], "visible_to_staff_only", False):
            return 0.0
        points = self._points(key)
        return sum(map(self._total, self._children.get(key, ()))) if points is None else points

    def _above(self, key: UsageKey) -> tuple[UsageKey, ...]:
        """Return what is above, in the order of the course."""
        found: set[UsageKey] = set()
        level = {key}
        while level:
            level = {parent for one in level for parent in self._parents.get(one, ())} - found
            found |= level
        return tuple(sorted(found, key=self._order.__getitem__))


def _block(
    key: UsageKey,
    block: Any,
    above: tuple[UsageKey, ...],
    start: datetime | None,
    parent: UsageKey | None = None,
    points: float | None = None,
) -> Block:
    return Block(
        usage_key=key,
        title=block.display_name or "",
        above=above,
        parent=parent,
        graded=bool(getattr(block, "graded", False)),
        points=points,
        start=start,
        due=getattr(block, "due", None),
        staff_only=bool(getattr(block, "visible_to_staff_only", False)),
    )


def _opens(course: Any, block: Any) -> datetime | None:
    dates = [date for date in (course.start, getattr(block, "start", None)) if date is not None]
    return max(dates) if dates else None


def _points(block: Any, structure: Any, key: UsageKey) -> float | None:
    """Return a block's own points, weighted as the LMS does; None if the LMS has not counted them."""
    from lms.djangoapps.grades.transformer import GradesTransformer

    if not getattr(block, "has_score", False) or block.has_children:
        return None
    maximum = structure.get_transformer_block_field(key, GradesTransformer, "max_score")
    weight = getattr(block, "weight", None)
    if maximum == 0:
        return 0.0
    points = maximum if weight is None else weight
    return None if points is None else float(points)


def _structure(course_key: CourseKey) -> Any:
    """Return what the LMS collected of the course. Only this knows how many points a problem has."""
    from openedx.core.djangoapps.content.block_structure.api import get_course_in_cache

    return get_course_in_cache(course_key)


@contextmanager
def published(course_key: CourseKey) -> Iterator[Any]:
    """Open the published branch without any particular user, and read the course's structure only once until the end.

    What the LMS loads during a request is bound to the request's user: once a block was refused to them, the blocks
    below it lose what they inherit. So blocks that were loaded before are put aside here.
    """
    from edx_django_utils.cache import DEFAULT_REQUEST_CACHE
    from xmodule.modulestore import ModuleStoreEnum
    from xmodule.modulestore.django import modulestore

    store, data = modulestore(), DEFAULT_REQUEST_CACHE.data
    aside = data.pop(LOADED, None)
    try:
        with (
            store.bulk_operations(course_key, emit_signals=False),
            store.branch_setting(ModuleStoreEnum.Branch.published_only, course_key),
        ):
            yield store
    finally:
        data.pop(LOADED, None)
        if aside is not None:
            data[LOADED] = aside
