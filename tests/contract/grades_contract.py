"""Fresh grades, and the news of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, connection, transaction

from lti_1p3_provider.host.port import Grade, GradeChanged
from lti_1p3_provider.scores.models import PendingScore

from .world import Contract


class GradesContract(Contract):
    """Fresh grades, and the news of them."""

    def read(self, user: AbstractUser) -> dict[str, tuple[float, float]]:
        """Return the grades of three levels by block type."""
        keys = (self.world.problem, self.world.unit, self.world.subsection)
        found = self.world.host.grades.read(user.pk, self.world.course, keys)
        return {key.block_type: (grade.earned, grade.possible) for key, grade in found.items()}

    def test_grades_are_weighted_points_collected_over_all_problems_below(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 3)
        assert self.read(user) == {"problem": (3, 4), "vertical": (3, 6), "sequential": (3, 6)}
        self.world.answer(user, self.world.other_problem, 2)
        assert self.read(user) == {"problem": (3, 4), "vertical": (5, 6), "sequential": (5, 6)}

    def test_a_courses_grade_is_in_percent_and_nothing_before_an_attempt(self) -> None:
        whole, user = self.world.course.make_usage_key("course", "course"), self.person()
        assert self.world.host.grades.read(user.pk, self.world.course, [whole]) == {}
        self.world.answer(user, self.world.problem, 4)
        self.world.answer(user, self.world.other_problem, 2)
        (grade,) = self.world.host.grades.read(user.pk, self.world.course, [whole]).values()
        assert grade.possible == 100
        assert 0 < grade.earned <= 100

    def test_grades_are_fresh_while_stored_ones_are_old(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 1)
        with self.world.late_storage():
            before = self.world.stored(user)
            self.world.answer(user, self.world.problem, 4)
            assert self.read(user) == {"problem": (4, 4), "vertical": (4, 6), "sequential": (4, 6)}
            assert self.world.stored(user) == before != 4

    def test_nothing_right_is_a_grade(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 0)
        assert self.read(user) == {"problem": (0, 4), "vertical": (0, 6), "sequential": (0, 6)}

    def test_without_an_attempt_there_is_no_grade(self) -> None:
        user, other = self.person(), self.person()
        assert self.read(user) == {}
        self.world.page(user, self.world.course, self.world.unit)  # the LMS stores state of what was seen
        self.world.answer(other, self.world.problem, 4)
        assert self.read(user) == {}

    def test_a_reset_leaves_no_grade_and_above_all_no_0(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 4)
        self.world.reset(user, self.world.problem)
        assert self.read(user) == {}
        self.world.answer(user, self.world.problem, 1)
        assert self.read(user)["problem"] == (1, 4)

    def test_a_reset_takes_only_that_problem_out_of_the_collection(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 4)
        self.world.answer(user, self.world.other_problem, 2)
        self.world.reset(user, self.world.problem)
        assert self.read(user) == {"vertical": (2, 6), "sequential": (2, 6)}

    def test_unknown_people_courses_and_blocks_have_no_grades(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 4)
        for course, key in self.nobody_has():
            assert self.world.host.grades.read(user.pk, course, [key]) == {}
        assert self.world.host.grades.read(10**9, self.world.course, [self.world.problem]) == {}

    def test_a_block_without_points_has_no_grade_and_disturbs_no_other(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 4)
        found = self.world.host.grades.read(user.pk, self.world.course, [self.world.text, self.world.problem])
        assert found == {self.world.problem: Grade(4, 4)}

    def test_an_answer_is_told_once_with_what_it_is_about(self) -> None:
        user = self.person()
        with self.listening() as heard:
            self.world.answer(user, self.world.problem, 3)
        change, *more = [change for change in heard if not change.aggregate]
        assert more == []
        assert (change.user_id, change.course_key, change.usage_key) == (
            user.pk,
            self.world.course,
            self.world.problem,
        )
        assert (change.earned, change.possible) == (3, 4)
        assert change.at.tzinfo is not None

    def test_a_reset_is_told(self) -> None:
        user = self.person()
        self.world.answer(user, self.world.problem, 3)
        with self.listening() as heard:
            self.world.reset(user, self.world.problem)
        assert [change.usage_key for change in heard if not change.aggregate] == [self.world.problem]

    def test_what_the_receiver_writes_is_in_the_lms_transaction(self) -> None:
        user = self.person()
        with self.listening() as heard, pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
            self.world.answer(user, self.world.problem, 3)
            assert get_user_model().objects.filter(username="heard-1").exists()
            raise RuntimeError
        assert heard
        assert not get_user_model().objects.filter(username="heard-1").exists()
        assert self.read(user) == {}

    def test_a_transaction_that_is_undone_in_our_part_is_no_success_of_the_lms(self) -> None:
        """As a deadlock or a database that crashes leaves it: the answer is not stored, so nobody may say it is."""
        user = self.person()

        def undone(change: GradeChanged) -> None:
            if not change.aggregate:  # these may come from a task, whose end the learner does not wait for
                transaction.set_rollback(True)
                raise DatabaseError("deadlock")

        before = [(signal, list(signal.receivers)) for signal in self.world.signals]
        try:
            self.world.host.grades.connect(undone)
            with pytest.raises(DatabaseError, match="deadlock"), transaction.atomic():
                self.world.answer(user, self.world.problem, 3)
        finally:
            for signal, receivers in before:
                signal.receivers = receivers
        assert self.read(user) == {}

    def test_a_broken_intake_does_not_break_the_answer(self) -> None:
        user = self.person()
        table = PendingScore._meta.db_table

        def lost(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
            return execute(sql.replace(table, "lost"), *others)  # as on a site that was not migrated

        logs = self.assertLogs("lti_1p3_provider", "ERROR")  # type: ignore[attr-defined]
        with connection.execute_wrapper(lost), logs as logged:
            self.world.answer(user, self.world.problem, 3)
        assert "intake failed" in logged.output[0]
        assert self.read(user)["problem"] == (3, 4)
