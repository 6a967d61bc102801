"""A course inside a real LMS. Import this only where edx-platform is importable."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from common.djangoapps.student.models import UserProfile
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from lms.djangoapps.courseware.block_render import load_single_xblock
from lms.djangoapps.grades import tasks
from lms.djangoapps.grades.api import override_subsection_grade, signals, undo_override_subsection_grade
from lms.djangoapps.grades.models import PersistentSubsectionGrade
from lms.djangoapps.instructor.enrollment import reset_student_attempts
from opaque_keys.edx.keys import UsageKey
from xmodule.capa.tests.response_xml_factory import MultipleChoiceResponseXMLFactory
from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory

from lti_1p3_provider import host

from .world import browser

PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
QUESTION = {"question_text": "Which?", "choices": [False, True], "choice_names": ["wrong", "right"]}
SETTINGS = {"ENABLE_LTI_1P3_PROVIDER": True}


def use_start_dates(case: Any) -> None:
    """Switch on what the LMS's own test settings switch off."""
    started = patch.dict(settings.FEATURES, {"DISABLE_START_DATES": False})
    started.start()
    case.addCleanup(started.stop)


def problem(parent: Any, title: str, weight: float, **fields: Any) -> Any:
    """Add a problem with one question."""
    data = MultipleChoiceResponseXMLFactory().build_xml(**QUESTION)
    return BlockFactory.create(
        parent=parent, category="problem", display_name=title, weight=weight, data=data, **fields
    )


class OpenEdxWorld:
    """Two courses, made with the platform's own factories."""

    signals = (
        signals.PROBLEM_WEIGHTED_SCORE_CHANGED,
        signals.SUBSECTION_SCORE_CHANGED,
        signals.SUBSECTION_OVERRIDE_CHANGED,
    )
    earned_all: float

    def __init__(self) -> None:
        self.host = host.current()
        self.block = CourseFactory.create(org="ContractX", number="LTI", run="now", start=PAST)
        self.course = self.block.id
        chapter = BlockFactory.create(parent=self.block, category="chapter", display_name="Light")
        subsection = BlockFactory.create(
            parent=chapter, category="sequential", display_name="Colour", graded=True, format="Homework"
        )
        unit = BlockFactory.create(parent=subsection, category="vertical", display_name="Mixing")
        later = BlockFactory.create(parent=chapter, category="sequential", display_name="Later", start=FUTURE)
        later_unit = BlockFactory.create(parent=later, category="vertical", display_name="Later unit")
        other = CourseFactory.create(org="OtherX", number="LTI", run="now", start=PAST)
        self.other_course = other.id
        other_chapter = BlockFactory.create(parent=other, category="chapter", display_name="Other")
        other_subsection = BlockFactory.create(parent=other_chapter, category="sequential", display_name="Other")
        other_unit = BlockFactory.create(parent=other_subsection, category="vertical", display_name="Other")
        made = {
            "chapter": chapter,
            "subsection": subsection,
            "unit": unit,
            "problem": problem(unit, "Primary colours", 4),
            "other_problem": problem(unit, "White light", 2),
            "text": BlockFactory.create(parent=unit, category="html", display_name="Text", data="<p>Look.</p>"),
            "future": later,
            "future_unit": later_unit,
            "other_block": other_unit,
            # The last one: what is added later publishes everything above itself, drafts included.
            "unpublished": BlockFactory.create(
                parent=subsection, category="vertical", display_name="Draft", publish_item=False
            ),
        }
        for name, block in made.items():
            setattr(self, name, block.location)

    def profile_name(self, user: AbstractUser) -> str | None:
        found = UserProfile.objects.filter(user_id=user.pk).first()
        return found.name if found else None

    def answer(self, user: AbstractUser, problem: UsageKey, earned: float) -> None:
        """Publish a grade as a problem does; the course has raw points of 1, weighted by the block."""
        block = load_single_xblock(browser(user=user), user.pk, str(self.course), str(problem))
        block.runtime.publish(block, "grade", {"value": earned / block.weight, "max_value": 1, "user_id": user.pk})

    @contextmanager
    def page_of(self, user: AbstractUser, block: UsageKey) -> Iterator[HttpResponse]:
        """Templates and services ask for the current request, which a middleware sets otherwise."""
        request = browser(user=user)
        set_current_request(request)
        try:
            yield self.host.content.render(request, block.course_key, block)
        finally:
            set_current_request(None)

    def reset(self, user: AbstractUser, problem: UsageKey) -> None:
        reset_student_attempts(self.course, user, problem, requesting_user=user, delete_module=True)

    def override(self, user: AbstractUser, earned: float) -> None:
        """Override the subsection as a proctoring service does."""
        override_subsection_grade(
            user.pk, self.course, self.subsection, earned_all=earned, earned_graded=earned, overrider=user
        )

    def undo_override(self, user: AbstractUser) -> None:
        undo_override_subsection_grade(user.pk, self.course, self.subsection)

    def late_storage(self) -> AbstractContextManager[object]:
        return patch.object(tasks.recalculate_subsection_grade_v3, "apply_async")

    def stored(self, user: AbstractUser) -> float:
        return PersistentSubsectionGrade.read_grade(user.pk, self.subsection).earned_all
