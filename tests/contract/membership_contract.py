"""Who takes part in a course."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from .world import Contract


class MembershipContract(Contract):
    """Enrolments, many at a time."""

    def test_whoever_is_enrolled_in_exactly_this_course_is_named_in_one_query(self) -> None:
        host = self.world.host
        inside, elsewhere, outside = self.person(), self.person(), self.person()
        host.content.enrol(inside, self.world.course, self.world.enrolment_mode)
        host.content.enrol(elsewhere, self.world.other_course, self.world.enrolment_mode)
        asked = [inside.pk, elsewhere.pk, outside.pk]
        with CaptureQueriesContext(connection) as queries:
            assert host.membership.enrolled(asked, self.world.course) == {inside.pk}
        assert len(queries) == 1
        assert host.membership.enrolled([], self.world.course) == frozenset()
        assert host.membership.enrolled([outside.pk], self.world.course) == frozenset()

    def test_whoever_left_is_not_enrolled(self) -> None:
        user = self.person()
        self.world.host.content.enrol(user, self.world.course, self.world.enrolment_mode)
        self.world.unenrol(user, self.world.course)
        assert not self.world.host.membership.enrolled([user.pk], self.world.course)
