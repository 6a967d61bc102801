"""Launches inside a real LMS: what only its middleware, handlers and account tables can show."""

from __future__ import annotations

from .openedx_world import InOpenEdx

# isort: split

import base64
import json

from celery import current_app
from common.djangoapps.student.models import UserProfile
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from edx_rest_framework_extensions.auth.jwt.cookies import jwt_cookie_header_payload_name
from lms.djangoapps.courseware.models import StudentModule
from opaque_keys.edx.keys import UsageKey
from openedx.core.djangoapps.oauth_dispatch.tests.factories import ApplicationFactory

from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.models import PendingScore

from .launching import account, door, launch, open_launched, register_platform

MODEL_BACKEND = "django.contrib.auth.backends.AllowAllUsersModelBackend"


class OpenEdxSessionsTest(InOpenEdx):
    """A browser that is checked as strictly as a real one."""

    def setUp(self) -> None:
        super().setUp()
        register_platform()
        self.browser = Client(enforce_csrf_checks=True)

    def check(self, problem: UsageKey, choice: str, **headers: str) -> HttpResponse:
        """Post an answer to the XBlock handler, as the problem's own script does."""
        keys = {"course_id": str(self.world.course), "usage_id": str(problem)}
        PendingScore.objects.update(due_at=None)
        url = reverse("xblock_handler", kwargs={**keys, "handler": "xmodule_handler", "suffix": "problem_check"})
        return self.browser.post(url, {f"input_{problem.block_id}_2_1": f"choice_{choice}"}, headers=headers)

    def token(self) -> dict[str, str]:
        return {"X-CSRFToken": self.browser.cookies["csrftoken"].value}

    def test_the_handler_takes_an_answer_with_the_pages_token_only(self) -> None:
        page = open_launched(self.browser, "ada", self.world.problem)
        assert "problem_check" in page.content.decode() or "problems-wrapper" in page.content.decode()
        assert self.check(self.world.problem, "right").status_code == 403
        answer = self.check(self.world.problem, "right", **self.token())
        assert answer.status_code == 200
        assert json.loads(answer.content)["success"] == "correct"
        grade = self.world.host.grades.read(account("ada").pk, self.world.course, [self.world.problem])
        assert [(found.earned, found.possible) for found in grade.values()] == [(4, 4)]
        assert PendingScore.objects.get().due_at is not None

    def test_a_page_whose_browser_another_account_took_over_is_told_so(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        before = self.token()
        open_launched(self.browser, "ben", self.world.text)
        for token in (before, self.token()):
            refused = self.check(self.world.problem, "right", **token)
            assert (refused.status_code, json.loads(refused.content)["error"]) == (403, "other_account")
        page = self.check(self.world.problem, "right", **before, **{"Sec-Fetch-Mode": "navigate"})
        for said in (page, self.browser.get(door(self.world.problem))):
            assert said.status_code == 403
            assert "Another activity was opened in this browser" in said.content.decode()
        assert not StudentModule.objects.filter(student=account("ben"), state__contains="correct").exists()

    def test_sec_15_the_handler_takes_no_answer_once_the_registration_is_switched_off(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        Registration.objects.update(enabled=False)
        answer = self.check(self.world.problem, "right", **self.token())
        assert answer.status_code in (401, 403, 404)
        assert not StudentModule.objects.filter(grade__isnull=False).exists()
        assert answer.cookies[settings.EDXMKTG_LOGGED_IN_COOKIE_NAME].value == ""
        assert "_auth_user_id" not in self.browser.session

    def test_a_wrong_answer_is_a_score_of_0_to_be_sent(self) -> None:
        open_launched(self.browser, "ada", self.world.unit)
        assert json.loads(self.check(self.world.problem, "wrong", **self.token()).content)["success"] == "incorrect"
        grade = self.world.host.grades.read(account("ada").pk, self.world.course, [self.world.unit])
        assert [(found.earned, found.possible) for found in grade.values()] == [(0, 6)]
        assert PendingScore.objects.get().due_at is not None

    def test_after_a_switch_of_users_answers_are_the_new_persons(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        first = self.browser.cookies[settings.SESSION_COOKIE_NAME].value
        open_launched(self.browser, "babbage", self.world.problem)
        assert self.browser.cookies[settings.SESSION_COOKIE_NAME].value != first
        assert self.check(self.world.problem, "right", **self.token()).status_code == 200
        answered = StudentModule.objects.filter(module_state_key=self.world.problem, grade__isnull=False)
        assert [row.student_id for row in answered] == [account("babbage").pk]

    def test_the_first_persons_cookie_opens_nothing_after_the_switch(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        stolen = self.browser.cookies[settings.SESSION_COOKIE_NAME].value
        open_launched(self.browser, "babbage", self.world.problem)
        thief = Client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = stolen
        assert thief.get(door(self.world.problem)).status_code == 403

    def test_the_session_is_the_lms_own_and_not_that_of_a_single_sign_on(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        assert settings.AUTHENTICATION_BACKENDS[0] != MODEL_BACKEND
        assert self.browser.session["_auth_user_backend"] == MODEL_BACKEND

    def test_an_account_without_a_profile_gets_one_and_can_go_on(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        for browser in (self.browser, Client()):
            UserProfile.objects.all().delete()
            assert open_launched(browser, "ada", self.world.problem).status_code == 200
            assert UserProfile.objects.get(user=account("ada")).name == ""
        assert open_launched(self.browser, "ada", self.world.problem, name="Ada King").status_code == 200
        assert UserProfile.objects.get(user=account("ada")).name == "Ada King"

    def test_where_concurrent_logins_are_prevented_a_relaunch_ends_nothing(self) -> None:
        self.feature("PREVENT_CONCURRENT_LOGINS", True)
        open_launched(self.browser, "ada", self.world.problem)
        assert open_launched(self.browser, "ada", self.world.unit).status_code == 200
        assert self.browser.get(door(self.world.problem)).status_code == 200
        assert open_launched(Client(), "ada", self.world.problem).status_code == 200
        assert self.browser.get(door(self.world.problem)).status_code == 200

    def launch_course(self, sub: str) -> HttpResponse:
        """Launch the whole course in a window."""
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        return launch(self.browser, sub, self.world.course.make_usage_key("course", "course"))

    def test_other_front_ends_are_told_who_signed_in(self) -> None:
        for sub in ("ada", "babbage"):
            answer = self.launch_course(sub)
            assert answer.cookies[settings.EDXMKTG_LOGGED_IN_COOKIE_NAME].value == "true"
            told = json.loads(answer.cookies[settings.EDXMKTG_USER_INFO_COOKIE_NAME].value)
            assert told["username"] == account(sub).username

    def test_a_site_that_cannot_make_those_cookies_still_launches(self) -> None:
        self.launch_course("ada")
        self.feature("DISABLE_SET_JWT_COOKIES_FOR_TESTS", False)  # and there is no OAuth client for them
        answer = self.launch_course("babbage")
        assert answer.status_code == 302
        assert {answer.cookies[name].value for name in self.world.login_cookies} == {""}
        assert self.browser.get(answer["Location"]).status_code == 302

    def test_the_token_of_other_front_ends_is_the_new_persons(self) -> None:
        ApplicationFactory.create(client_id=settings.JWT_AUTH["JWT_LOGIN_CLIENT_ID"], user__username="login_service")
        self.feature("DISABLE_SET_JWT_COOKIES_FOR_TESTS", False)
        for sub in ("ada", "babbage"):
            cookies = self.launch_course(sub).cookies
            assert {cookies[name]["samesite"] for name in self.world.login_cookies} == {""}  # the LMS's own
            claims = cookies[jwt_cookie_header_payload_name()].value.partition(".")[2]
            told = json.loads(base64.urlsafe_b64decode(claims + "=="))
            assert told["preferred_username"] == account(sub).username

    def test_a_worker_is_told_after_the_answer_is_committed(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        with self.captureOnCommitCallbacks() as after:
            assert self.check(self.world.problem, "right", **self.token()).status_code == 200
        assert "after_commit.<locals>.send" in {callback.__qualname__ for callback in after}
        assert "lti_1p3_provider.deliver_scores" in current_app.tasks
