"""A stand-in LMS whose courses change: what a test publishes is what the host says from then on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from opaque_keys.edx.keys import CourseKey, UsageKey

from demo.lms.host import DemoCourses, DemoHost
from lti_1p3_provider.errors import ContentNotFound
from lti_1p3_provider.host.port import Block, Course


class PublishingCourses(DemoCourses):
    """The demo's courses, until a test publishes something else. ``reads`` counts what was asked for."""

    def __init__(self) -> None:
        self.published: dict[CourseKey, Course | None] = {}
        self.reads: Counter[str] = Counter()

    def publish(self, course_key: CourseKey, version: str, blocks: Iterable[Block]) -> None:
        """Replace what is published of a course."""
        self.published[course_key] = Course(f"Course {version}", version, tuple(blocks))

    def delete(self, course_key: CourseKey) -> None:
        """Delete a course."""
        self.published[course_key] = None

    def blocks(self, course_key: CourseKey) -> dict[UsageKey, Block]:
        """Return what is published, without counting."""
        course = self._course(course_key)
        return {block.usage_key: block for block in course.blocks} if course else {}

    def published_version(self, course_key: CourseKey) -> str | None:
        self.reads["version"] += 1
        course = self._course(course_key)
        return course.version if course else None

    def published_versions(self, course_keys: Iterable[CourseKey]) -> Mapping[CourseKey, str]:
        return {key: course.version for key in course_keys if (course := self._course(key))}

    def read_course(self, course_key: CourseKey) -> Course | None:
        self.reads["course"] += 1
        return self._course(course_key)

    def read_block(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        self.reads["block"] += 1
        found = self.blocks(course_key).get(usage_key)
        if found is None:
            raise ContentNotFound(str(usage_key))
        return replace(found, parent=None)

    def _course(self, course_key: CourseKey) -> Course | None:
        if course_key in self.published:
            return self.published[course_key]
        return DemoCourses.read_course(self, course_key)


class PublishingHost(DemoHost):
    """The demo's host with those courses."""

    def __init__(self) -> None:
        self.courses = PublishingCourses()
