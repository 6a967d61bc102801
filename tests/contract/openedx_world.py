"""A course inside a real LMS. Importing this skips the test module where there is no edx-platform."""

from __future__ import annotations

from importlib.util import find_spec
from secrets import token_hex

import pytest

if find_spec("lms") is None or find_spec("xmodule") is None:
    pytest.skip("edx-platform is not importable", allow_module_level=True)

import html
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import SimpleNamespace
from typing import Any, ClassVar
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

from common.djangoapps.course_modes.models import CourseMode
from common.djangoapps.student.models import CourseEnrollment, UserProfile
from common.djangoapps.student.models import Registration as ActivationKey
from common.djangoapps.student.roles import (
    CourseBetaTesterRole,
    CourseStaffRole,
    OrgContentCreatorRole,
    OrgStaffRole,
)
from crum import set_current_request
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lms.celery import APP
from lms.djangoapps.courseware.block_render import load_single_xblock
from lms.djangoapps.grades import tasks
from lms.djangoapps.grades.api import override_subsection_grade, signals, undo_override_subsection_grade
from lms.djangoapps.grades.models import PersistentSubsectionGrade
from lms.djangoapps.instructor.enrollment import reset_student_attempts
from lms.djangoapps.lti_provider.models import LtiConsumer, LtiUser
from oauth2_provider.models import AccessToken
from opaque_keys.edx.keys import CourseKey, UsageKey
from openedx.core.djangoapps.content.block_structure.manager import BlockStructureManager
from openedx.core.djangoapps.content.course_overviews.models import CourseOverview
from openedx.core.djangoapps.oauth_dispatch.jwt import create_jwt_for_user
from openedx.core.djangoapps.signals.signals import COURSE_GRADE_CHANGED
from openedx.core.djangoapps.user_api.accounts.signals import USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC
from openedx.core.djangoapps.user_api.accounts.views import AccountRetirementView, LMSAccountRetirementView
from openedx.core.djangoapps.user_api.models import RetirementState, UserRetirementStatus
from openedx.core.djangoapps.user_authn.cookies import ALL_LOGGED_IN_COOKIE_NAMES, DEPRECATED_LOGGED_IN_COOKIE_NAMES
from xmodule.capa.tests.response_xml_factory import MultipleChoiceResponseXMLFactory
from xmodule.modulestore.django import modulestore
from xmodule.modulestore.split_mongo.caching_descriptor_system import CachingDescriptorSystem
from xmodule.modulestore.tests.django_utils import SharedModuleStoreTestCase
from xmodule.modulestore.tests.factories import BlockFactory, CourseFactory

from lti_1p3_provider import host
from lti_1p3_provider.host.openedx import structures

from .world import PASSWORD, Costs, Most, Place, WithFeatures, browser

PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
OF_BROWSERS = {"Accept": "text/html, application/json, */*"}  # else the login forgets where to go
QUESTION = {"question_text": "Which?", "choices": [False, True], "choice_names": ["wrong", "right"]}


def problem(parent: Any, title: str, weight: float, **fields: Any) -> Any:
    """Add a problem with one question."""
    data = MultipleChoiceResponseXMLFactory().build_xml(**QUESTION)
    return BlockFactory.create(
        parent=parent, category="problem", display_name=title, weight=weight, data=data, **fields
    )


def large_course() -> Place:
    """Make a course of about 300 blocks; return a place in the middle of it."""
    course = CourseFactory.create(org="LargeX", number="LTI", run="now", start=PAST)
    places = []
    with modulestore().bulk_operations(course.id, emit_signals=False):
        for _ in range(3):
            chapter = BlockFactory.create(parent=course, category="chapter")
            for _ in range(4):
                subsection = BlockFactory.create(parent=chapter, category="sequential", graded=True, format="Homework")
                places += [_large_unit(course.id, subsection, f"{len(places)}-{number}") for number in range(4)]
    return places[len(places) // 2]


def _large_unit(course: CourseKey, subsection: Any, name: str) -> Place:
    unit = BlockFactory.create(parent=subsection, category="vertical")
    first = problem(unit, f"Problem {name}", 4)
    for number in range(2):
        problem(unit, f"Problem {name}-{number}", 4)
        BlockFactory.create(parent=unit, category="html", data="<p>Look.</p>")
    return Place(course, subsection.location, unit.location, first.location, below_unit=5)


@contextmanager
def counted(owner: type, method: str, note: Callable[[], None]) -> Iterator[None]:
    """Call ``note`` whenever the LMS calls a method of one of its classes."""
    original = getattr(owner, method)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        note()
        return original(*args, **kwargs)

    with patch.object(owner, method, wrapped):
        yield


class OpenEdxWorld:
    """Two courses, made with the platform's own factories."""

    celery = APP
    most: ClassVar = {  # the LMS reads the problem and the four blocks above it twice in some of its own work
        "access": Most(blocks=6, queries=30),
        "launch": Most(blocks=6, queries=55),
        "first_launch": Most(blocks=6, queries=75),
        "content": Most(blocks=10, queries=40),
        "answer": Most(blocks=11, queries=50),
        "answer_without_lti": Most(blocks=11, queries=50),
    }
    enrolment_mode = CourseMode.DEFAULT_MODE_SLUG
    told = DEPRECATED_LOGGED_IN_COOKIE_NAMES
    login_cookies = ALL_LOGGED_IN_COOKIE_NAMES
    signals = (
        signals.PROBLEM_WEIGHTED_SCORE_CHANGED,
        signals.SUBSECTION_SCORE_CHANGED,
        signals.SUBSECTION_OVERRIDE_CHANGED,
        COURSE_GRADE_CHANGED,
    )
    retirement = (USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC)

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
            "ungraded": later,
            "future_unit": later_unit,
            "other_block": other_unit,
            # The last one: what is added later publishes everything above itself, drafts included.
            "unpublished": BlockFactory.create(
                parent=subsection, category="vertical", display_name="Draft", publish_item=False
            ),
        }
        for name, block in made.items():
            setattr(self, name, block.location)

        self.small = Place(self.course, self.subsection, self.unit, self.problem, below_unit=3)

    @cached_property
    def large(self) -> Place:
        """A course that takes a while to make."""
        return large_course()

    @contextmanager
    def costs(self) -> Iterator[Costs]:
        """Count blocks that are made of stored data, and structures of whole courses that come from the cache."""
        structures._parts.clear()  # what another test read within seconds
        found = Costs()

        def block() -> None:
            found.blocks += 1

        def whole_course() -> None:
            found.whole_courses += 1

        with (
            counted(CachingDescriptorSystem, "xblock_from_json", block),
            counted(BlockStructureManager, "get_collected", whole_course),
            CaptureQueriesContext(connection) as queries,
        ):
            yield found
        found.queries = len(queries)

    def profile_name(self, user: AbstractUser) -> str | None:
        found = UserProfile.objects.filter(user_id=user.pk).first()
        return found.name if found else None

    def lti_1p1_platform(self, key: str, secret: str) -> LtiConsumer:
        return LtiConsumer.objects.create(consumer_key=key, consumer_name=key, consumer_secret=secret)

    def lti_1p1_person(self, platform: LtiConsumer, lti_user_id: str, user: AbstractUser) -> None:
        LtiUser.objects.create(lti_consumer=platform, lti_user_id=lti_user_id, edx_user=user)

    def log_in(self, browser: Client, address: str, user: AbstractUser, password: str = PASSWORD) -> str:
        """The page's script, or the front end for it, posts to an interface and goes where the page, or the answer,
        says."""
        page = browser.get(address, headers=OF_BROWSERS)
        asked = {"email_or_username": user.username, "password": password}
        if page.status_code == 302:
            asked |= dict(parse_qsl(urlsplit(page["Location"]).query))
        ActivationKey.objects.get_or_create(user=user, defaults={"activation_key": token_hex(16)})
        answer = browser.post("/api/user/v2/account/login_session/", asked, headers=OF_BROWSERS)
        if answer.status_code != 200:
            return address
        if page.status_code == 302:
            return str(answer.json()["redirect_url"].removeprefix(settings.LMS_ROOT_URL))
        leads = re.search(r'"login_redirect_url": "([^"]+)"', html.unescape(page.content.decode()))
        assert leads
        return leads[1]

    def put_on_list(self, course: CourseKey) -> None:
        CourseOverview.get_from_id(course)

    def put_on_team(self, user: AbstractUser, course: CourseKey) -> None:
        CourseStaffRole(course).add_users(user)

    def unenrol(self, user: AbstractUser, course: CourseKey) -> None:
        CourseEnrollment.unenroll(user, course)

    def put_on_org_team(self, user: AbstractUser, org: str) -> None:
        OrgStaffRole(org).add_users(user)

    def let_make_courses(self, user: AbstractUser, org: str) -> None:
        OrgContentCreatorRole(org).add_users(user)

    def bearer(self, user: AbstractUser, scope: str = "read write", minutes: int = 5) -> str:
        expires = timezone.now() + timedelta(minutes=minutes)
        made = AccessToken.objects.create(user=user, token=token_hex(16), expires=expires, scope=scope)
        return f"Bearer {made.token}"

    def proofs(self, user: AbstractUser, scope: str) -> list[str]:
        return [self.bearer(user, scope), f"JWT {create_jwt_for_user(user, scopes=scope.split())}"]

    def bad_proofs(self, user: AbstractUser) -> list[str]:
        """Tokens that are too old, tampered with, or of an application that the site restricts."""
        good = create_jwt_for_user(user, scopes=["read", "write"])
        restricted = create_jwt_for_user(user, scopes=["read", "write"], additional_claims={"is_restricted": True})
        return [self.bearer(user, minutes=-5), f"JWT {good[:-4]}AAAA", f"JWT {restricted}"]

    def let_test_early(self, user: AbstractUser, course: CourseKey) -> None:
        CourseBetaTesterRole(course).add_users(user)

    def ask_to_retire(self, user: AbstractUser) -> None:
        """What the interface does by which people delete their account."""
        for order, name in enumerate(("PENDING", "RETIRING_LMS", "COMPLETE")):
            RetirementState.objects.get_or_create(
                state_name=name,
                defaults={"state_execution_order": order, "required": name != "RETIRING_LMS"},
            )
        user.email = UserRetirementStatus.create_retirement(user).retired_email
        user.set_unusable_password()
        user.save()

    def retire(self, user: AbstractUser) -> None:
        """Call the views that the retirement pipeline calls, without who may call them."""
        self.ask_to_retire(user)
        status = UserRetirementStatus.objects.get(user=user)
        status.current_state = RetirementState.objects.get(state_name="RETIRING_LMS")
        status.save()
        request = SimpleNamespace(data={"username": user.username})
        for view in (LMSAccountRetirementView, AccountRetirementView):
            answer = view().post(request)
            assert answer.status_code == 204, answer.data

    def answer(self, user: AbstractUser, problem: UsageKey, earned: float) -> None:
        points = 2 if problem == self.other_problem else 4
        self.publish(user, problem, earned / points, 1)

    def publish(self, user: AbstractUser, problem: UsageKey, value: float, max_value: float) -> None:
        """Publish raw points as the block itself does; its weight makes points of them."""
        block = load_single_xblock(browser(user=user), user.pk, str(problem.course_key), str(problem))
        block.runtime.publish(block, "grade", {"value": value, "max_value": max_value, "user_id": user.pk})

    def page(self, user: AbstractUser, course: CourseKey, block: UsageKey) -> HttpResponse:
        """Templates and services ask for the current request, which a middleware sets otherwise."""
        request = browser(user=user)
        set_current_request(request)
        try:
            return self.host.content.render(request, course, block)
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


@override_settings(ENABLE_LTI_1P3_PROVIDER=True)
class InOpenEdx(WithFeatures, SharedModuleStoreTestCase):
    """One course for all tests of a class."""

    ENABLED_CACHES = ("default",)
    world: OpenEdxWorld

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.world = OpenEdxWorld()

    def setUp(self) -> None:
        self.feature("DISABLE_START_DATES", False)  # which the LMS's own test settings switch on
        super().setUp()
