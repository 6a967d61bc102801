"""Grades: what learners earned, fresh and persisted.

As in the LMS, an answer is stored and signalled at once, in the learner's transaction, while the stored grade of its
subsection is brought up to date later: whoever reads ``persisted`` too early reads an old grade.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms import shelf
from demo.lms.course import Course
from demo.lms.models import BlockState, PersistedGrade
from demo.lms.signals import PROBLEM_WEIGHTED_SCORE_CHANGED
from demo.lms.structure import Node, Structure

PERSIST_DELAY = timedelta(seconds=2)


def record(
    user: AbstractUser,
    course_key: CourseKey,
    usage_key: UsageKey,
    earned: float,
    possible: float,
    answers: dict[str, list[str]] | None = None,
) -> None:
    """Store a learner's points on a problem and tell everybody, in one transaction."""
    with transaction.atomic():
        BlockState.objects.update_or_create(
            user_id=user.pk,
            usage_key=str(usage_key),
            defaults={
                "course_key": str(course_key),
                "attempted": True,
                "earned": earned,
                "possible": possible,
                **({"answers": answers} if answers is not None else {}),
            },
        )
        _changed(user, course_key, usage_key, earned, possible, deleted=False)


def reset(user: AbstractUser, course_key: CourseKey, usage_key: UsageKey) -> None:
    """Take a learner's work on a problem away, as staff can."""
    with transaction.atomic():
        BlockState.objects.filter(user_id=user.pk, usage_key=str(usage_key)).update(
            attempted=False, earned=0, answers={}
        )
        _changed(user, course_key, usage_key, 0, 0, deleted=True)


def fresh(user_id: int, structure: Structure, usage_key: UsageKey) -> tuple[float, float, bool]:
    """Return (earned, possible, attempted) of a block from the learner's work as it is now.

    ``structure`` is the course, read as a whole: the LMS has no grade without it.
    """
    node = structure.nodes.get(usage_key)
    if node is None or not node.published:
        return 0.0, 0.0, False
    below = structure.below(usage_key)
    graded = {str(one.key): one for one in below if one.published and one.key.block_type == "problem"}
    found = BlockState.objects.filter(user_id=user_id, course_key=str(usage_key.course_key), attempted=True)
    states = {state.usage_key: state for state in found if state.usage_key in graded}
    earned = sum(state.earned for state in states.values())
    possible = sum(_possible(problem, states.get(key)) for key, problem in graded.items())
    return earned, possible, bool(states)


def persisted(user_id: int, usage_key: UsageKey) -> tuple[float, float]:
    """Return (earned, possible) of a subsection as stored: two seconds behind."""
    row = PersistedGrade.objects.filter(user_id=user_id, usage_key=str(usage_key)).first()
    return (row.earned, row.possible) if row else (0.0, 0.0)


def persist_due(now: datetime | None = None) -> int:
    """Bring stored grades up to date that have been stale for two seconds; return how many."""
    due = (now or timezone.now()) - PERSIST_DELAY
    rows = list(PersistedGrade.objects.filter(stale_since__lte=due)[:100])
    for row in rows:
        structure = _course(CourseKey.from_string(row.course_key)).read_whole()
        earned, possible, _ = fresh(row.user_id, structure, UsageKey.from_string(row.usage_key))
        PersistedGrade.objects.filter(pk=row.pk).update(earned=earned, possible=possible, stale_since=None)
    return len(rows)


def _course(course_key: CourseKey) -> Course:
    found = shelf.course(course_key)
    assert found, f"{course_key} does not exist"  # noqa: S101
    return found


def _possible(problem: Node, state: BlockState | None) -> float:
    return state.possible if state else problem.weight


def _changed(
    user: AbstractUser, course_key: CourseKey, usage_key: UsageKey, earned: float, possible: float, *, deleted: bool
) -> None:
    for above in _course(course_key).read_with_above(usage_key):
        if above.key.block_type == "sequential":
            PersistedGrade.objects.update_or_create(
                user_id=user.pk,
                usage_key=str(above.key),
                defaults={"course_key": str(course_key), "stale_since": timezone.now()},
            )
    PROBLEM_WEIGHTED_SCORE_CHANGED.send(
        sender=None,
        user_id=user.pk,
        course_id=str(course_key),
        usage_id=str(usage_key),
        weighted_earned=earned,
        weighted_possible=possible,
        only_if_higher=False,
        score_deleted=deleted,
        modified=timezone.now(),
        score_db_table="csm",
    )
