"""Grades of the LMS: its signals, and fresh points."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host.openedx import structures
from lti_1p3_provider.host.port import Grade, GradeChanged

COMPOSITE = frozenset(("course", "chapter", "sequential", "vertical"))
Receiver = Callable[[GradeChanged], None]
log = logging.getLogger(__name__)


class OpenEdxGrades:
    """Listens to problems, and to subsections for grades that staff override."""

    def connect(self, receiver: Receiver) -> None:
        """Connect to the LMS's signals. ``SUBSECTION_SCORE_CHANGED`` also covers the gradebook's own overrides."""
        from lms.djangoapps.grades.api import signals
        from openedx.core.djangoapps.signals.signals import COURSE_GRADE_CHANGED

        @_harmless
        def weighted(sender: object, **said: Any) -> None:
            _tell(receiver, said.get("course_id"), said.get("usage_id"), said, aggregate=False)

        @_harmless
        def subsection(sender: object, **said: Any) -> None:
            grade = said["subsection_grade"]
            points = {
                "user_id": said["user"].id,
                "weighted_earned": grade.all_total.earned,
                "weighted_possible": grade.all_total.possible,
            }
            _tell(receiver, said["course"].id, grade.location, points, aggregate=True)

        @_harmless
        def override(sender: object, **said: Any) -> None:
            _tell(receiver, said.get("course_id"), said.get("usage_id"), said, aggregate=True)

        @_harmless
        def course(sender: object, **said: Any) -> None:
            key = said["course_key"]
            points = {"user_id": said["user"].id}
            _tell(receiver, key, key.make_usage_key("course", "course"), points, aggregate=True)

        uid = ("lti_1p3_provider", receiver)
        signals.PROBLEM_WEIGHTED_SCORE_CHANGED.connect(weighted, weak=False, dispatch_uid=uid)
        signals.SUBSECTION_SCORE_CHANGED.connect(subsection, weak=False, dispatch_uid=uid)
        signals.SUBSECTION_OVERRIDE_CHANGED.connect(override, weak=False, dispatch_uid=uid)
        COURSE_GRADE_CHANGED.connect(course, weak=False, dispatch_uid=uid)

    def read(self, user_id: int, course_key: CourseKey, usage_keys: Iterable[UsageKey]) -> Mapping[UsageKey, Grade]:
        """Compute the points of each block from the learner's own answers, as the learner may see the course.

        Stored subsection grades are written by a later task, so only overrides are read from them. A course's grade is
        the one that the LMS stores.
        """
        user = get_user_model().objects.filter(pk=user_id).first()
        if user is None:
            return {}
        keys = set(usage_keys)
        whole = {key for key in keys if key.block_type == "course"}
        found = {key: _course_grade(user, course_key) for key in whole}
        reading = _Reading.of(user, course_key, keys - whole) if keys - whole else None
        if reading is not None:
            found |= {key: reading.grade(key) for key in keys - whole}
        return {usage_key: grade for usage_key, grade in found.items() if grade is not None}


def _course_grade(user: Any, course_key: CourseKey) -> Grade | None:
    """Return the course's grade by its grading policy, which the LMS keeps up to date."""
    from lms.djangoapps.grades.api import CourseGradeFactory
    from xmodule.modulestore.exceptions import ItemNotFoundError

    try:
        found = CourseGradeFactory().read(user, course_key=course_key)
    except (ItemNotFoundError, ValueError):  # no such course (any more)
        return None
    return Grade(round(float(found.percent) * 100, 2), 100.0) if found is not None and found.attempted else None


class _Reading:
    """One learner's grades in one course; each subsection is computed once."""

    def __init__(self, structure: Any, factory: Any) -> None:
        self._structure = structure
        self._factory = factory
        self._computed: dict[UsageKey, Any] = {}

    @classmethod
    def of(cls, user: Any, course_key: CourseKey, keys: Collection[UsageKey]) -> _Reading | None:
        """Read as much of the course as the blocks need; None if there is no such course, or the learner sees nothing
        of it."""
        from lms.djangoapps.course_blocks.api import get_course_blocks
        from lms.djangoapps.grades.subsection_grade_factory import SubsectionGradeFactory

        part = structures.part(course_key, keys)
        if part is None:
            return None
        structure = get_course_blocks(user, part.root_block_usage_key, collected_block_structure=part)
        if part.root_block_usage_key not in structure:  # all of it is hidden from this learner
            return None
        return cls(structure, SubsectionGradeFactory(user, course_structure=structure))

    def grade(self, usage_key: UsageKey) -> Grade | None:
        """Return the points of a block; None without points or attempts, or if the learner cannot see it."""
        if usage_key not in self._structure:
            return None
        below = set(self._structure.post_order_traversal(start_node=usage_key))
        if whole := [key for key in below if key.block_type == "sequential"]:
            totals = [self._subsection_total(key) for key in whole]
        else:
            totals = self._problem_totals(usage_key, below)
        earned = sum(total[0] for total in totals)
        possible = sum(total[1] for total in totals)
        attempted = any(total[2] for total in totals)
        return Grade(earned, possible) if attempted and possible > 0 else None

    def _subsection_total(self, key: UsageKey) -> tuple[float, float, bool]:
        stored = self._factory.create(self._structure[key], read_only=True)
        if stored.override is None:
            total = self._fresh(key).all_total
            return float(total.earned), float(total.possible), total.first_attempted is not None
        # The gradebook overrides the graded points only; it freezes the others as they were at that moment.
        total = stored.graded_total if stored.graded_total.possible > 0 else stored.all_total
        return float(total.earned), float(total.possible), True

    def _problem_totals(self, usage_key: UsageKey, below: set[UsageKey]) -> list[tuple[float, float, bool]]:
        scores = {}
        for key in self._subsections_above(usage_key):
            scores.update(self._fresh(key).problem_scores)
        return [
            (float(score.earned), float(score.possible), score.first_attempted is not None)
            for key, score in scores.items()
            if key in below
        ]

    def _subsections_above(self, usage_key: UsageKey) -> set[UsageKey]:
        found, level = set(), {usage_key}
        while level:
            level = {parent for key in level for parent in self._structure.get_parents(key)}
            found |= {key for key in level if key.block_type == "sequential"}
        return found

    def _fresh(self, key: UsageKey) -> Any:
        if key not in self._computed:
            self._computed[key] = self._factory.update(self._structure[key], persist_grade=False)
        return self._computed[key]


def _harmless(function: Callable[..., None]) -> Callable[..., None]:
    """Wrap a receiver. The LMS sends with ``send``, so an exception of ours would undo the learner's answer."""

    @wraps(function)
    def guarded(sender: object, **said: Any) -> None:
        try:
            function(sender, **said)
        except Exception:  # a signal of another shape than we know
            log.exception("LTI: a grade signal could not be read")
            if connection.in_atomic_block and connection.needs_rollback:
                raise  # the learner's answer is lost with it, and the LMS must know

    return guarded


def _tell(receiver: Receiver, course: object, block: object, said: Mapping[str, Any], *, aggregate: bool) -> None:
    """Translate a signal. Libraries and other contexts that are no course have no line items."""
    try:
        course_key = CourseKey.from_string(str(course))
        usage_key = UsageKey.from_string(str(block))
    except InvalidKeyError:
        return
    user_id = said.get("user_id")
    if not course_key.is_course or user_id is None:
        return
    at, possible = said.get("modified"), float(said.get("weighted_possible") or 0)
    doubtful = aggregate or said.get("score_deleted") or said.get("only_if_higher") or usage_key.block_type in COMPOSITE
    receiver(
        GradeChanged(
            user_id=int(user_id),
            course_key=course_key,
            usage_key=usage_key.map_into_course(course_key),
            earned=float(said.get("weighted_earned") or 0),
            possible=possible,
            at=at if isinstance(at, datetime) else timezone.now(),
            aggregate=aggregate,
            exact=possible > 0 and not doubtful,
        )
    )
