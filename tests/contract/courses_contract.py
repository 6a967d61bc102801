"""What courses have published, as the host reads it and as the outline keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.errors import ContentNotFound
from lti_1p3_provider.host.listing import CourseChoice
from lti_1p3_provider.host.port import Block
from lti_1p3_provider.outline import find, search, tree
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock
from lti_1p3_provider.outline.rebuild import rebuild, stale
from lti_1p3_provider.outline.words import searched

from .world import Contract

NOWHERE = CourseKey.from_string("course-v1:No+Such+Course")


class CoursesContract(Contract):
    """Courses and blocks."""

    @property
    def courses(self):  # type: ignore[no-untyped-def]
        """The host's."""
        return self.world.host.courses

    def levels(self) -> tuple[UsageKey, ...]:
        """Return blocks of each level."""
        world = self.world
        return (world.chapter, world.subsection, world.unit, world.problem, world.text)

    @contextmanager
    def no_memory(self) -> Iterator[None]:
        """Forget what this process knows of versions, and that somebody asked for a rebuild."""
        find._recent.clear()
        cache.clear()
        yield

    def test_a_course_has_a_version_and_what_does_not_exist_has_none(self) -> None:
        version = self.courses.published_version(self.world.course)
        assert version
        assert self.courses.published_version(NOWHERE) is None
        assert self.courses.published_versions([self.world.course, NOWHERE]) == {self.world.course: version}
        assert {self.world.course, self.world.other_course} <= set(self.courses.all_keys())

    def test_sources_are_what_authors_wrote_of_published_texts_and_problems(self) -> None:
        world = self.world
        keys = [world.problem, world.text, world.unit, world.unpublished]
        found = world.host.content.sources(world.course, keys)
        assert set(found) == {world.problem, world.text}
        assert "<p>" in found[world.text].markup
        assert "response" in found[world.problem].markup
        assert world.host.content.sources(world.course, []) == {}

    def listed(self, *, most: int = 100, after: tuple[str, str] | None = None, **choice: object) -> list[CourseKey]:
        """Return the keys of a list."""
        cards = self.courses.listed(CourseChoice(**choice), after, most)
        assert all(card.title or card.course_key for card in cards)
        return [card.course_key for card in cards]

    def test_courses_are_listed_by_organization_key_and_words(self) -> None:
        course, other = self.world.course, self.world.other_course
        for one in (course, other):
            self.world.put_on_list(one)
        assert {course, other} <= set(self.listed(everything=True))
        assert self.listed() == []
        of_org = self.listed(orgs=frozenset((course.org,)))
        assert course in of_org
        assert {key.org for key in of_org} == {course.org}
        assert self.listed(keys=frozenset((other, NOWHERE))) == [other]
        both = {"orgs": frozenset((course.org,)), "keys": frozenset((other,))}
        assert set(self.listed(**both)) == {*of_org, other}
        assert self.listed(**both, words=(str(course.org).lower(),)) == of_org
        (card,) = self.courses.listed(CourseChoice(keys=frozenset((course,))), None, 10)
        assert card.title == self.courses.read_course(course).title
        for word in card.title.upper().split():
            assert course in self.listed(**both, words=(word,))
        assert self.listed(everything=True, words=("nothing-is-called-so", "%")) == []

    def test_a_list_of_courses_goes_on_after_each_of_them_and_the_first_stand_only_there(self) -> None:
        course, other = self.world.course, self.world.other_course
        for one in (course, other):
            self.world.put_on_list(one)
        both = frozenset((course, other))
        for first in ((), (course,), (other,), (other, course), (course, other, NOWHERE)):
            choice = CourseChoice(keys=both, first=first)
            whole = [card.course_key for card in self.courses.listed(choice, None, 10)]
            assert sorted(map(str, whole)) == sorted(map(str, both))
            assert whole[: len(first)] == [one for one in first if one in both]
        plain = CourseChoice(keys=both)
        (top,) = self.courses.listed(plain, None, 1)
        (rest,) = self.courses.listed(plain, top.place, 10)
        assert {top.course_key, rest.course_key} == both
        assert self.courses.listed(plain, rest.place, 10) == []
        assert self.courses.listed(CourseChoice(keys=both, first=(rest.course_key,)), top.place, 10) == []

    def test_a_list_takes_one_query(self) -> None:
        choice = CourseChoice(everything=True, words=("a",), first=(self.world.course,))
        with CaptureQueriesContext(connection) as queries:
            list(self.courses.listed(choice, None, 50))
        assert len(queries) == 1

    def test_points_and_titles_can_be_searched_and_summed(self) -> None:
        OutlineBlock.objects.all().delete()
        CourseOutline.objects.all().delete()
        assert rebuild(self.world.course)
        tree.forget()
        shown = tree.of(self.world.course)
        rows = {row.usage_key: row for row in shown.rows.values()}
        assert rows[str(self.world.problem)].total == 4
        assert rows[str(self.world.unit)].total == rows[str(self.world.subsection)].total == 6
        assert rows[str(self.world.text)].total is None
        assert str(self.world.unpublished) not in rows
        assert rows[str(self.world.unit)].depth == 3
        for text in ("primary colours", "COLO prim"):
            wanted = search.Wanted(searched(text), courses=(str(self.world.course),))
            assert [row.usage_key for row in search.find(wanted, 0, 10)] == [str(self.world.problem)]

    def test_a_whole_course_is_read_in_its_order_and_without_drafts(self) -> None:
        course = self.courses.read_course(self.world.course)
        assert course.version == self.courses.published_version(self.world.course)
        keys = [block.usage_key for block in course.blocks]
        assert keys[0] == self.world.course.make_usage_key("course", "course")
        places = [keys.index(key) for key in self.levels()]
        assert places[:3] == sorted(places[:3])
        assert len(set(keys)) == len(keys)
        assert self.world.unpublished not in keys
        assert self.courses.read_course(NOWHERE) is None

    def test_a_block_is_read_by_itself_as_in_the_whole_course(self) -> None:
        whole = {block.usage_key: block for block in self.courses.read_course(self.world.course).blocks}

        def same(block: Block) -> tuple[object, ...]:
            return block.usage_key, block.title, block.above, block.graded, block.start, block.due, block.staff_only

        for key in self.levels():
            assert same(self.courses.read_block(self.world.course, key)) == same(whole[key])
        assert whole[self.world.problem].title == "Primary colours"
        assert whole[self.world.problem].above == (*whole[self.world.unit].above, self.world.unit)
        assert whole[self.world.problem].parent == self.world.unit
        assert [whole[key].points for key in (self.world.problem, self.world.text, self.world.unit)] == [4, None, None]
        assert whole[self.world.subsection].graded
        assert not whole[self.world.chapter].graded

    def test_what_is_not_there_cannot_be_read(self) -> None:
        for course, key in self.nobody_has():
            with pytest.raises(ContentNotFound):
                self.courses.read_block(course, key)
            with self.no_memory(), pytest.raises(ContentNotFound):
                find.block(course, key)
            assert find.above(course, key) == frozenset()

    def test_the_outline_says_the_same_before_and_after_it_is_written(self) -> None:
        OutlineBlock.objects.all().delete()
        CourseOutline.objects.all().delete()
        with self.no_memory():
            read = [find.block(self.world.course, key) for key in self.levels()]
        assert rebuild(self.world.course)
        with self.no_memory():
            written = [find.block(self.world.course, key) for key in self.levels()]
        assert [(one.title, one.above, one.start, one.graded) for one in read] == [
            (one.title, one.above, one.start, one.graded) for one in written
        ]
        assert rebuild(self.world.course) is None
        assert self.world.course not in list(stale())

    def test_all_blocks_above_are_known(self) -> None:
        rebuild(self.world.course)
        inside = {self.world.unit, self.world.subsection, self.world.chapter}
        found = find.above(self.world.course, self.world.problem)
        assert {key for key in found if key.block_type != "course"} == inside
        assert self.world.course.make_usage_key("course", "course") in found
        found = find.above(self.world.course, self.world.subsection)
        assert {key for key in found if key.block_type != "course"} == {self.world.chapter}

    def test_the_graded_subsections_of_a_course_are_known_once_they_are_written_down(self) -> None:
        CourseOutline.objects.all().delete()
        assert find.graded_subsections(NOWHERE) is None
        rebuild(self.world.course)
        (first, *more) = find.graded_subsections(self.world.course) or ()
        assert (first.usage_key, first.block_type) == (self.world.subsection, "sequential")
        assert first.title
        assert self.world.ungraded not in [one.usage_key for one in more]
