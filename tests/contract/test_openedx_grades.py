"""Grades inside a real LMS: overrides, other kinds of problems, and contexts that are no course."""

from __future__ import annotations

from .openedx_world import InOpenEdx

# isort: split

from common.djangoapps.student.models import CourseEnrollment, anonymous_id_for_user
from common.djangoapps.student.tests.factories import TEST_PASSWORD, StaffFactory
from django.contrib.auth.models import AbstractUser
from django.urls import reverse
from django.utils import timezone
from edx_toggles.toggles.testutils import override_waffle_flag
from lms.djangoapps.grades.api import signals
from lms.djangoapps.grades.config.waffle import WRITABLE_GRADEBOOK
from lms.djangoapps.instructor.enrollment import reset_student_attempts
from submissions import api as submissions

from lti_1p3_provider.scores.models import PendingScore

from .launching import account, open_launched, register_platform
from .world import Contract


class OpenEdxGradesTest(Contract, InOpenEdx):
    """Each test has a learner who launched the subsection and earned 3 of 4 points of its first problem."""

    def setUp(self) -> None:
        super().setUp()
        register_platform()
        assert open_launched(self.client, "ada", self.world.subsection).status_code == 200
        self.ada: AbstractUser = account("ada")
        self.world.answer(self.ada, self.world.problem, 3)
        PendingScore.objects.update(due_at=None)

    def read(self) -> dict[str, tuple[float, float]]:
        keys = (self.world.problem, self.world.unit, self.world.subsection, self.world.chapter)
        found = self.world.host.grades.read(self.ada.pk, self.world.course, keys)
        return {key.block_type: (grade.earned, grade.possible) for key, grade in found.items()}

    def is_due(self) -> bool:
        return PendingScore.objects.get().due_at is not None

    def test_an_override_arrives_and_counts_from_the_subsection_up(self) -> None:
        with self.listening() as heard:
            self.world.override(self.ada, 5)
        whole = self.world.course.make_usage_key("course", "course")
        assert {change.usage_key for change in heard if change.aggregate} == {self.world.subsection, whole}
        assert self.is_due()
        assert self.read() == {"problem": (3, 4), "vertical": (3, 6), "sequential": (5, 6), "chapter": (5, 6)}

    def test_an_override_stands_until_it_is_undone(self) -> None:
        self.world.override(self.ada, 5)
        self.world.answer(self.ada, self.world.problem, 4)
        assert self.read()["sequential"] == (5, 6)
        PendingScore.objects.update(due_at=None)
        self.world.undo_override(self.ada)
        assert self.is_due()
        assert self.read()["sequential"] == (4, 6)

    def test_what_staff_enter_in_the_gradebook_arrives(self) -> None:
        """Its page sends graded points only, and the LMS tells of it by the subsection's signal alone."""
        CourseEnrollment.enroll(self.ada, self.world.course)
        staff = StaffFactory.create(course_key=self.world.course)
        assert self.client.login(username=staff.username, password=TEST_PASSWORD)
        entered = [
            {
                "user_id": self.ada.pk,
                "usage_id": str(self.world.subsection),
                "grade": {"earned_graded_override": 6, "comment": "viva"},
            }
        ]
        url = reverse("grades_api:v1:course_gradebook_bulk_update", args=[str(self.world.course)])
        with override_waffle_flag(WRITABLE_GRADEBOOK, active=True):
            answer = self.client.post(url, entered, content_type="application/json")
        assert answer.status_code == 202, answer.content
        assert self.is_due()
        assert self.read()["sequential"] == (6, 6)

    def test_an_override_without_any_answer_is_a_grade(self) -> None:
        other = self.person()
        self.world.override(other, 2)
        found = self.world.host.grades.read(other.pk, self.world.course, [self.world.subsection, self.world.unit])
        assert {key: (grade.earned, grade.possible) for key, grade in found.items()} == {self.world.subsection: (2, 6)}

    def test_more_attempts_take_no_points_away(self) -> None:
        reset_student_attempts(
            self.world.course, self.ada, self.world.problem, requesting_user=self.ada, delete_module=False
        )
        assert self.read()["problem"] == (3, 4)

    def test_scores_of_the_submissions_api_arrive_and_count(self) -> None:
        """Open response assessments grade this way: their signal lacks some of the usual keys."""
        item = {
            "student_id": anonymous_id_for_user(self.ada, self.world.course),
            "course_id": str(self.world.course),
            "item_id": str(self.world.other_problem),
            "item_type": "openassessment",
        }
        with self.listening() as heard:
            submissions.set_score(submissions.create_submission(item, {"text": "an essay"})["uuid"], 1, 2)
        told = [change for change in heard if not change.aggregate]
        assert [(change.usage_key, change.earned, change.possible) for change in told] == [
            (self.world.other_problem, 1, 2)
        ]
        assert self.is_due()
        assert self.read()["sequential"] == (4, 6)
        submissions.reset_score(item["student_id"], item["course_id"], item["item_id"])
        assert self.read()["sequential"] == (3, 6)

    def test_libraries_and_other_contexts_are_ignored(self) -> None:
        contexts = {
            "lib:ContractX:numbers": "lb:ContractX:numbers:problem:one",
            "library-v1:ContractX+numbers": "lib-block-v1:ContractX+numbers+type@problem+block@one",
        }
        with self.listening() as heard:
            for course_id, usage_id in contexts.items():
                self.tell(course_id=course_id, usage_id=usage_id)
        assert heard == []

    def test_a_signal_of_an_unknown_shape_harms_nobody(self) -> None:
        with self.listening() as heard:
            for signal in self.world.signals:
                signal.receivers = signal.receivers[-1:]  # the LMS's own receivers would fail first
                assert signal.send(sender=None)
                assert signal.send(sender=None, user_id=None, course_id="nothing", usage_id=None, course=None)
        assert heard == []
        self.world.answer(self.ada, self.world.problem, 4)

    def tell(self, **values: object) -> None:
        """Send what a learner's answer sends."""
        signals.PROBLEM_WEIGHTED_SCORE_CHANGED.send(
            sender=None,
            user_id=self.ada.pk,
            weighted_earned=1,
            weighted_possible=1,
            only_if_higher=False,
            modified=timezone.now(),
            score_deleted=False,
            score_db_table="courseware_student_module",
            **values,
        )
