"""The contract, kept by the stand-in LMS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from opaque_keys.edx.keys import CourseKey, UsageKey

from .contract import HostContract
from .cost_contract import CostContract
from .course_roles_contract import CourseRolesContract, TeacherLaunchContract
from .launch_contract import LaunchContract
from .legacy_contract import LegacyContract
from .links_contract import LinksContract
from .login_cookies_contract import LoginCookiesContract
from .membership_contract import MembershipContract
from .parallel_contract import ParallelContract
from .people_contract import PeopleContract
from .proof_contract import ProofContract
from .provisioning_contract import ProvisioningContract
from .tenants_contract import TenantsContract
from .world import PASSWORD, Costs, Most, Place, browser

if settings.ROOT_URLCONF != "demo.lms.urls":
    pytest.skip("this is a real LMS", allow_module_level=True)

from demo.lms import grades, login_cookies
from demo.lms.celery_app import app
from demo.lms.course import LARGE, courses
from demo.lms.host import DemoHost
from demo.lms.meter import metered
from demo.lms.models import Enrolment, LtiConsumer, LtiUser, Profile
from demo.lms.people import ORGANIZATION, TEAM
from demo.lms.retirement import ask, retire
from demo.lms.signals import PROBLEM_WEIGHTED_SCORE_CHANGED, USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC
from demo.lms.tenants import CREATORS, token


class DemoWorld:
    """The demo course. Stored grades are late anyway: a sweep, which does not run in tests, writes them."""

    host = DemoHost()
    celery = app
    signals = (PROBLEM_WEIGHTED_SCORE_CHANGED,)
    retirement = (USER_RETIRE_LMS_CRITICAL, USER_RETIRE_LMS_MISC)
    enrolment_mode = "audit"
    told = login_cookies = login_cookies.NAMES
    course = CourseKey.from_string("course-v1:DemoX+LTI101+2026")
    chapter = course.make_usage_key("chapter", "light")
    subsection = course.make_usage_key("sequential", "colour")
    ungraded = course.make_usage_key("sequential", "basics")
    unit = course.make_usage_key("vertical", "mixing")
    problem = course.make_usage_key("problem", "primary_colours")
    other_problem = course.make_usage_key("problem", "white_light")
    text = course.make_usage_key("html", "mixing_text")
    unpublished = course.make_usage_key("vertical", "drafts")
    other_course = CourseKey.from_string("course-v1:OtherX+SOON+2099")
    future = other_course.make_usage_key("sequential", "not_yet")
    future_unit = other_course.make_usage_key("vertical", "future")
    other_block = other_course.make_usage_key("vertical", "today")
    small = Place(course, subsection, unit, problem, below_unit=3)
    large = Place(
        LARGE,
        LARGE.make_usage_key("sequential", "7-3"),
        LARGE.make_usage_key("vertical", "7-3-2"),
        LARGE.make_usage_key("problem", "7-3-2-2"),
        below_unit=4,
    )
    most: ClassVar = {  # a problem and four blocks above it
        "access": Most(blocks=5, queries=1),
        "launch": Most(blocks=5, queries=34),
        "first_launch": Most(blocks=5, queries=50),
        "content": Most(blocks=5, queries=8),
        "answer": Most(blocks=5, queries=24),
        "answer_without_lti": Most(blocks=5, queries=17),
    }

    @contextmanager
    def costs(self) -> Iterator[Costs]:
        found = Costs()
        with metered() as read, CaptureQueriesContext(connection) as queries:
            yield found
        found.blocks, found.whole_courses, found.queries = read.blocks, read.whole_courses, len(queries)

    def profile_name(self, user: AbstractUser) -> str | None:
        found = Profile.objects.filter(user_id=user.pk).first()
        return found.name if found else None

    def log_in(self, browser: Client, address: str, user: AbstractUser, password: str = PASSWORD) -> str:
        assert browser.get(address).status_code == 200
        asked = dict(parse_qsl(urlsplit(address).query))
        answer = browser.post(address, {"username": user.username, "password": password, **asked})
        return str(answer["Location"]) if answer.status_code == 302 else address

    def put_on_list(self, course: CourseKey) -> None:
        """All are listed."""

    def put_on_team(self, user: AbstractUser, course: CourseKey) -> None:
        user.groups.add(Group.objects.get_or_create(name=TEAM.format(course))[0])

    def unenrol(self, user: AbstractUser, course: CourseKey) -> None:
        Enrolment.objects.filter(user_id=user.pk, course_key=str(course)).update(active=False)

    def put_on_org_team(self, user: AbstractUser, org: str) -> None:
        user.groups.add(Group.objects.get_or_create(name=ORGANIZATION.format(org))[0])

    def let_make_courses(self, user: AbstractUser, org: str) -> None:
        user.groups.add(Group.objects.get_or_create(name=CREATORS.format(org))[0])

    def bearer(self, user: AbstractUser) -> str:
        return f"Bearer {token(user)}"

    def proofs(self, user: AbstractUser, scope: str) -> list[str]:
        return [f"Bearer {token(user, scope)}"]

    def bad_proofs(self, user: AbstractUser) -> list[str]:
        return [f"Bearer {token(user)}x"]

    def lti_1p1_platform(self, key: str, secret: str) -> LtiConsumer:
        return LtiConsumer.objects.create(consumer_key=key, consumer_name=key, consumer_secret=secret)

    def lti_1p1_person(self, platform: LtiConsumer, lti_user_id: str, user: AbstractUser) -> None:
        LtiUser.objects.create(lti_consumer=platform, lti_user_id=lti_user_id, edx_user=user)

    def let_test_early(self, user: AbstractUser, course: CourseKey) -> None:
        """Nothing is early here."""

    def ask_to_retire(self, user: AbstractUser) -> None:
        ask(user)

    def retire(self, user: AbstractUser) -> None:
        retire(user)

    def answer(self, user: AbstractUser, problem: UsageKey, earned: float) -> None:
        course = courses()[problem.course_key]
        found = course.read(problem)
        assert found
        grades.record(user, course.key, problem, earned, found.weight)

    def page(self, user: AbstractUser, course: CourseKey, block: UsageKey) -> HttpResponse:
        return self.host.content.render(browser(user=user), course, block)

    def reset(self, user: AbstractUser, problem: UsageKey) -> None:
        grades.reset(user, self.course, problem)

    def late_storage(self) -> AbstractContextManager[object]:
        return nullcontext()

    def stored(self, user: AbstractUser) -> float:
        return grades.persisted(user.pk, self.subsection)[0]


class DemoHostTest(
    HostContract, PeopleContract, CourseRolesContract, LegacyContract, MembershipContract, TenantsContract, TestCase
):
    """Identity, content, grades."""

    world = DemoWorld()


class DemoLaunchTest(LaunchContract, LoginCookiesContract, ParallelContract, TestCase):
    """Whole launches."""

    world = DemoWorld()

    def setUp(self) -> None:
        super().setUp()
        cache.clear()


class DemoTeacherTest(TeacherLaunchContract, TestCase):
    """Launches of teachers."""

    world = DemoWorld()

    def setUp(self) -> None:
        super().setUp()
        cache.clear()


class DemoProofTest(ProofContract, TestCase):
    """Accounts that people have."""

    world = DemoWorld()

    def setUp(self) -> None:
        super().setUp()
        cache.clear()


class DemoProvisioningTest(ProvisioningContract, TestCase):
    """What lists of people do."""

    world = DemoWorld()

    def setUp(self) -> None:
        cache.clear()
        super().setUp()


class DemoLinksTest(LinksContract, TestCase):
    """The page of addresses."""

    world = DemoWorld()


class DemoSmallCourseTest(CostContract, TestCase):
    """What things cost in a small course."""

    world = DemoWorld()
    size = "small"

    def setUp(self) -> None:
        super().setUp()
        cache.clear()


class DemoLargeCourseTest(CostContract, TestCase):
    """What things cost in a large course."""

    world = DemoWorld()
    size = "large"

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
