"""The contract, kept by the stand-in LMS."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest
from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.core.cache import cache
from django.http import HttpResponse
from django.test import TestCase
from opaque_keys.edx.keys import CourseKey, UsageKey

from .contract import HostContract
from .launch_contract import LaunchContract
from .login_cookies_contract import LoginCookiesContract
from .parallel_contract import ParallelContract
from .world import browser

if settings.ROOT_URLCONF != "demo.lms.urls":
    pytest.skip("this is a real LMS", allow_module_level=True)

from demo.lms import grades, login_cookies
from demo.lms.celery_app import app
from demo.lms.host import TEAM, DemoHost
from demo.lms.models import Profile
from demo.lms.signals import PROBLEM_WEIGHTED_SCORE_CHANGED

POINTS = {"primary_colours": 4, "white_light": 2}


class DemoWorld:
    """The demo course. Stored grades are late anyway: a sweep, which does not run in tests, writes them."""

    host = DemoHost()
    celery = app
    signals = (PROBLEM_WEIGHTED_SCORE_CHANGED,)
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

    def profile_name(self, user: AbstractUser) -> str | None:
        found = Profile.objects.filter(user_id=user.pk).first()
        return found.name if found else None

    def put_on_team(self, user: AbstractUser, course: CourseKey) -> None:
        user.groups.add(Group.objects.get_or_create(name=TEAM.format(course))[0])

    def answer(self, user: AbstractUser, problem: UsageKey, earned: float) -> None:
        grades.record(user, self.course, problem, earned, POINTS[problem.block_id])

    def page(self, user: AbstractUser, course: CourseKey, block: UsageKey) -> HttpResponse:
        return self.host.content.render(browser(user=user), course, block)

    def reset(self, user: AbstractUser, problem: UsageKey) -> None:
        grades.reset(user, self.course, problem)

    def late_storage(self) -> AbstractContextManager[object]:
        return nullcontext()

    def stored(self, user: AbstractUser) -> float:
        return grades.persisted(user.pk, self.subsection)[0]


class DemoHostTest(HostContract, TestCase):
    """Identity, content, grades."""

    world = DemoWorld()


class DemoLaunchTest(LaunchContract, LoginCookiesContract, ParallelContract, TestCase):
    """Whole launches."""

    world = DemoWorld()

    def setUp(self) -> None:
        super().setUp()
        cache.clear()
