"""Who takes part in a course."""

from __future__ import annotations

from contextlib import suppress

from django.db import connection, transaction
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

    def test_whoever_left_was_enrolled_once(self) -> None:
        host = self.world.host
        inside, left, outside = self.person(), self.person(), self.person()
        for user in (inside, left):
            host.content.enrol(user, self.world.course, self.world.enrolment_mode)
        self.world.unenrol(left, self.world.course)
        asked = [inside.pk, left.pk, outside.pk]
        with CaptureQueriesContext(connection) as queries:
            assert host.membership.ever_enrolled(asked, self.world.course) == {inside.pk, left.pk}
        assert len(queries) == 1
        assert host.membership.ever_enrolled(asked, self.world.other_course) == frozenset()

    def test_somebody_is_taken_out_of_one_course_and_may_come_back(self) -> None:
        host, mode = self.world.host, self.world.enrolment_mode
        user, other = self.person(), self.person()
        for one in (user, other):
            for course in (self.world.course, self.world.other_course):
                host.content.enrol(one, course, mode)
        assert host.membership.unenrol(user, self.world.course, mode)
        assert not host.membership.unenrol(user, self.world.course, mode)
        assert host.membership.enrolled([user.pk, other.pk], self.world.course) == {other.pk}
        assert host.membership.enrolled([user.pk, other.pk], self.world.other_course) == {user.pk, other.pk}
        host.content.enrol(user, self.world.course, mode)
        assert host.membership.enrolled([user.pk], self.world.course) == {user.pk}

    def test_whoever_was_enrolled_in_a_transaction_that_failed_is_enrolled_by_the_next_one(self) -> None:
        host, mode, user = self.world.host, self.world.enrolment_mode, self.person()
        with suppress(InterruptedError), transaction.atomic():
            host.content.enrol(user, self.world.course, mode)
            raise InterruptedError
        assert not host.membership.enrolled([user.pk], self.world.course)
        host.content.enrol(user, self.world.course, mode)
        assert host.membership.enrolled([user.pk], self.world.course) == {user.pk}

    def test_whoever_was_taken_out_in_a_transaction_that_failed_is_still_in(self) -> None:
        host, mode, user = self.world.host, self.world.enrolment_mode, self.person()
        host.content.enrol(user, self.world.course, mode)
        with suppress(InterruptedError), transaction.atomic():
            host.membership.unenrol(user, self.world.course, mode)
            raise InterruptedError
        host.content.enrol(user, self.world.course, mode)
        assert host.membership.unenrol(user, self.world.course, mode)

    def test_whoever_is_enrolled_in_another_mode_or_not_at_all_is_left_alone(self) -> None:
        host = self.world.host
        user, stranger = self.person(), self.person()
        host.content.enrol(user, self.world.course, self.world.enrolment_mode)
        assert not host.membership.unenrol(user, self.world.course, "another")
        assert not host.membership.unenrol(stranger, self.world.course, self.world.enrolment_mode)
        assert host.membership.enrolled([user.pk, stranger.pk], self.world.course) == {user.pk}
