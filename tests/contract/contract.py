"""What every host must do. A test class adds a ``World``."""

from __future__ import annotations

import pytest
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.errors import ContentNotAccessible, ContentNotFound, ContentNotStarted
from lti_1p3_provider.outline import find as outline

from .beat_contract import BeatContract
from .courses_contract import CoursesContract
from .grades_contract import GradesContract
from .identity_contract import IdentityContract
from .world import Contract


class ContentContract(Contract):
    """Access and pages."""

    def test_what_cannot_be_shown_is_not_found(self) -> None:
        for course, key in [*self.nobody_has(), (self.world.course, self.world.chapter)]:
            with pytest.raises(ContentNotFound):
                outline.page(course, key)

    def test_a_learner_may_see_what_is_open(self) -> None:
        user = self.person()
        for key in (self.world.subsection, self.world.unit, self.world.problem, self.world.text):
            self.world.host.content.require_access(user, self.world.course, key)

    def test_what_has_not_started_is_said_to_be_not_started(self) -> None:
        user = self.person()
        for key in (self.world.future, self.world.future_unit):
            assert outline.page(self.world.future.course_key, key)
            with pytest.raises(ContentNotStarted):
                self.world.host.content.require_access(user, self.world.future.course_key, key)

    def test_nobody_has_access_to_what_is_not_there(self) -> None:
        user = self.person()
        for course, key in self.nobody_has():
            with pytest.raises(ContentNotFound):
                self.world.host.content.require_access(user, course, key)

    def test_the_modes_of_a_course_are_those_in_which_somebody_is_enrolled(self) -> None:
        content = self.world.host.content
        modes = content.enrolment_modes(self.world.course)
        assert modes is not None
        assert self.world.enrolment_mode in modes
        for mode in modes:
            content.enrol(self.person(), self.world.course, mode)
        with pytest.raises(ContentNotAccessible):
            content.enrol(self.person(), self.world.course, "no-such-mode")
        assert "no-such-mode" not in modes

    def test_a_course_that_is_not_there_has_no_modes(self) -> None:
        assert self.world.host.content.enrolment_modes(CourseKey.from_string("course-v1:No+Such+Course")) is None

    def test_courses_are_listed_by_organization_and_up_to_a_number(self) -> None:
        for block in (self.world.problem, self.world.other_block):  # an LMS lists what was opened or published once
            self.world.host.content.require_access(self.person(), block.course_key, block)
        newest = self.world.host.content.newest_courses
        assert {self.world.course, self.world.other_course} <= set(newest(None, 100))
        assert len(newest(None, 1)) == 1
        mine = list(newest(self.world.course.org, 100))
        assert self.world.course in mine
        assert {key.org for key in mine} == {self.world.course.org}
        assert list(newest("NobodyX", 100)) == []

    def test_a_page_is_rendered_for_each_level(self) -> None:
        user = self.person()
        for key in (self.world.problem, self.world.unit, self.world.subsection):
            page = self.world.page(user, self.world.course, key)
            assert page.status_code == 200
            assert page["Content-Type"].startswith("text/html")
            assert "Primary colours" in page.content.decode()

    def test_no_page_is_rendered_of_what_is_not_there(self) -> None:
        user = self.person()
        for course, key in self.nobody_has()[:3]:
            with pytest.raises((ContentNotFound, ContentNotAccessible)):
                self.world.page(user, course, key)

    def test_a_switched_off_account_has_no_access(self) -> None:
        user = self.person()
        user.is_active = False
        with pytest.raises(ContentNotAccessible):
            self.world.host.content.require_access(user, self.world.course, self.world.problem)


class HostContract(IdentityContract, CoursesContract, ContentContract, GradesContract, BeatContract):
    """All of it."""
