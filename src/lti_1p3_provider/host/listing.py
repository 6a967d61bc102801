"""What a list of courses is asked for, and what it holds."""

from __future__ import annotations

from dataclasses import dataclass

from opaque_keys.edx.keys import CourseKey


@dataclass(frozen=True, slots=True)
class CourseCard:
    """A course in a list. ``place`` is where it stands in the list's order, and asks for what comes after it."""

    course_key: CourseKey
    title: str
    place: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class CourseChoice:
    """Which courses: of these organizations or with these keys; all where ``everything``. Their titles or keys have all
    of ``words``, in any case. Those in ``first`` that are among them come first, and stand nowhere else."""

    everything: bool = False
    orgs: frozenset[str] = frozenset()
    keys: frozenset[CourseKey] = frozenset()
    words: tuple[str, ...] = ()
    first: tuple[CourseKey, ...] = ()
