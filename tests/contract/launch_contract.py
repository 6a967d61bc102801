"""Whole launches through our own doors, with the host's middleware and sessions."""

from __future__ import annotations

import html
import re

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from django.test import Client

from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import PendingScore

from .launching import account, door, launch, open_launched, register_platform
from .world import Contract


class LaunchingContract(Contract):
    """A browser, and a platform to launch from."""

    def setUp(self) -> None:
        super().setUp()  # type: ignore[misc]
        register_platform()
        self.browser = Client()


class LaunchContract(LaunchingContract):
    """What a browser and a gradebook notice."""

    def test_each_level_is_shown_in_the_platforms_frame(self) -> None:
        for key in (self.world.problem, self.world.unit, self.world.subsection):
            page = open_launched(self.browser, "ada", key)
            assert page.status_code == 200
            assert "https://platform.example" in page["Content-Security-Policy"]
            assert "X-Frame-Options" not in page
        assert "Primary colours" in page.content.decode()

    def test_a_first_launch_saves_its_account_once(self) -> None:
        saved: list[bool] = []

        def note(created: bool, **_: object) -> None:
            saved.append(created)

        post_save.connect(note, sender=get_user_model())
        self.addCleanup(post_save.disconnect, note, sender=get_user_model())  # type: ignore[attr-defined]
        assert launch(self.browser, "ada", self.world.problem).status_code == 302
        assert saved == [True]
        assert account("ada").last_login is not None
        assert launch(Client(), "ada", self.world.problem).status_code == 302
        assert saved == [True, False]

    def test_a_whole_course_opens_its_own_pages_for_those_whom_the_registration_enrols(self) -> None:
        whole = self.world.course.make_usage_key("course", "course")
        assert launch(self.browser, "ada", whole).status_code == 403
        assert account("ada") is None
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        opened = launch(self.browser, "ada", whole)
        assert opened.status_code == 302, opened.content
        home = self.browser.get(opened["Location"])
        assert home.status_code == 302
        assert home["Location"].endswith(f"/{self.world.course}/home")
        assert launch(self.browser, "ada", whole).status_code == 302

    def test_a_mode_that_the_course_does_not_have_is_refused_and_enrols_nobody(self) -> None:
        Registration.objects.update(enrolment_mode="no-such-mode")
        assert launch(self.browser, "ada", self.world.problem).status_code == 403
        assert account("ada") is None

    def test_a_scripts_late_answer_leaves_the_session_of_whoever_signed_in_meanwhile(self) -> None:
        page = open_launched(self.browser, "ada", self.world.problem).content.decode()
        (asked,) = re.findall(r'data-score-status="([^"]+)"', page)
        ended = self.browser.cookies[settings.SESSION_COOKIE_NAME].value
        self.browser.session.flush()
        for kind, is_told in (("empty", False), ("document", True)):
            self.browser.cookies[settings.SESSION_COOKIE_NAME] = ended
            answered = self.browser.get(html.unescape(asked), headers={"Sec-Fetch-Dest": kind})
            assert answered.status_code == 403
            assert (settings.SESSION_COOKIE_NAME in answered.cookies) is is_told, kind

    def test_the_page_asks_where_the_learners_score_is(self) -> None:
        page = open_launched(self.browser, "ada", self.world.problem).content.decode()
        data = 'data-score-status="([^"]+)" data-frame-height=""'
        script = re.search(rf'<script src="[^"]*in_frame[^"]*" [^>]*{data} defer></script>\n</body>', page)
        assert script
        said = self.browser.get(html.unescape(script[1]))
        assert (said.status_code, said.json()["scores"]) == (200, [])
        self.world.answer(account("ada"), self.world.problem, 3)
        (score,) = self.browser.get(html.unescape(script[1])).json()["scores"]
        assert score["text"] == "Your score is being sent to Contract."
        assert Client().get(html.unescape(script[1])).status_code == 403

    def test_a_page_leaves_the_cookie_that_answers_need(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        assert self.browser.cookies["csrftoken"].value

    def test_a_relaunch_keeps_session_and_account(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        user = account("ada")
        assert open_launched(self.browser, "ada", self.world.unit).status_code == 200
        assert account("ada") == user
        assert self.browser.get(door(self.world.problem)).status_code == 200

    def test_an_account_that_waits_to_be_retired_gets_no_email_or_name_back(self) -> None:
        Registration.objects.update(trust_emails=True)
        open_launched(self.browser, "ada", self.world.problem, email="ada@school.example")
        user = account("ada")
        assert user.email == "ada@school.example"
        self.world.ask_to_retire(user)
        user.refresh_from_db()
        retired = user.email
        for said in ({"email": "ada@other.example"}, {"email": "ada@school.example", "name": "Ada King"}):
            launch(self.browser, "ada", self.world.problem, **said)
            user.refresh_from_db()
            assert (user.email, self.world.profile_name(user)) == (retired, "Person ada")

    def test_another_persons_launch_takes_the_browser_over(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        assert open_launched(self.browser, "babbage", self.world.unit).status_code == 200
        assert int(self.browser.session["_auth_user_id"]) == account("babbage").pk
        assert self.browser.get(door(self.world.problem)).status_code == 403

    def test_two_people_with_one_email_have_two_accounts(self) -> None:
        for sub in ("ada", "babbage"):
            assert open_launched(Client(), sub, self.world.unit, email="shared@school.example").status_code == 200
        assert account("ada").email == "shared@school.example"
        assert account("babbage").email.endswith("@lti.invalid")

    def test_what_has_not_started_says_so(self) -> None:
        answer = launch(self.browser, "ada", self.world.future_unit)
        assert answer.status_code == 403
        assert "content_not_started" in answer.content.decode()
        assert account("ada") is None

    def test_what_is_not_published_says_so(self) -> None:
        answer = launch(self.browser, "ada", self.world.unpublished)
        assert answer.status_code == 404
        assert "content_not_found" in answer.content.decode()
        assert account("ada") is None

    def test_whoever_was_switched_off_gets_in_no_more(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        user = account("ada")
        user.is_active = False
        user.save()
        assert self.browser.get(door(self.world.problem)).status_code == 403
        answer = launch(self.browser, "ada", self.world.problem)
        assert answer.status_code == 403
        assert "account_inactive" in answer.content.decode()

    def test_sec_15_a_session_ends_when_its_deployment_is_switched_off(self) -> None:
        open_launched(self.browser, "ada", self.world.problem)
        other = Client()
        open_launched(other, "babbage", self.world.problem)
        Deployment.objects.update(status=Deployment.Status.DISABLED)
        assert self.browser.get(door(self.world.problem)).status_code == 403
        assert "_auth_user_id" not in self.browser.session
        Deployment.objects.update(status=Deployment.Status.APPROVED)
        assert self.browser.get(door(self.world.problem)).status_code == 403
        assert open_launched(self.browser, "ada", self.world.problem).status_code == 200
        assert other.get(door(self.world.problem)).status_code == 200  # it came by while all was well

    def test_an_answer_makes_the_scores_of_its_own_and_of_higher_links_due(self) -> None:
        keys = (self.world.problem, self.world.unit, self.world.subsection, self.world.other_problem)
        for key in keys:
            open_launched(self.browser, "ada", key)
        PendingScore.objects.update(due_at=None)  # what there was before is looked for at the first launch
        self.world.answer(account("ada"), self.world.problem, 3)
        assert [self.due(key) for key in keys] == [True, True, True, False]

    def due(self, key: object) -> bool:
        """Whether a score of the block's link is to be sent."""
        return PendingScore.objects.get(usage_key=str(key)).due_at is not None
