"""What a list of courses is asked for, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course in a list. ``place``: its place in the list's order, with which the next part is asked for."""

    course_key: CourseKey
    title: str
    place: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class CourseChoice:
    """Which courses: of these organizations or with these keys; all if ``everything``. The title or key must have all
    of ``words``, in any case. Courses in ``first`` come first, and only there."""

    everything: bool = False
    orgs: frozenset[str] = frozenset()
    keys: frozenset[CourseKey] = frozenset()
    words: tuple[str, ...] = ()
    first: tuple[CourseKey, ...] = ()
