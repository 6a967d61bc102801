"""The cookies that tell the LMS's other front ends who signed in: where they are made, and that they are taken back."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from lti_1p3_provider.registrations.models import Deployment, Registration

from .launch_contract import LaunchingContract
from .launching import HERE, account, door, launch, open_launched

FOR_FRAMES = {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True}


def framed(proof: str = "ordinary") -> Client:
    """Return a browser that shows its pages in a frame, where such cookies work."""
    browser = Client(headers={"Sec-Fetch-Dest": "iframe"})
    browser.cookies["lti1p3-cookies"] = proof
    return browser


class LoginCookiesContract(LaunchingContract):
    """In a window, for a whole course; for nothing else."""

    def launch_course(self, browser: Client, sub: str) -> HttpResponse:
        Registration.objects.update(enrolment_mode=self.world.enrolment_mode)
        return launch(browser, sub, self.world.course.make_usage_key("course", "course"))

    def require_made(self, answer: HttpResponse) -> None:
        assert all(answer.cookies[name].value for name in self.world.told)

    def require_dropped(self, answer: HttpResponse, same_site: str = "") -> None:
        for name in self.world.login_cookies:
            cookie = answer.cookies[name]
            assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", 0, "/")
            assert (cookie["samesite"], bool(cookie["secure"])) == (same_site, same_site == "None")

    def test_a_whole_course_in_a_window_has_them_and_they_are_the_new_persons(self) -> None:
        for sub in ("ada", "babbage"):
            answer = self.launch_course(self.browser, sub)
            assert answer.status_code == 302
            self.require_made(answer)
            assert any(account(sub).username in answer.cookies[name].value for name in self.world.told)

    def test_a_block_has_none_and_an_earlier_persons_are_deleted(self) -> None:
        self.launch_course(self.browser, "ada")
        for key in (self.world.problem, self.world.unit):
            self.require_dropped(launch(self.browser, "babbage", key))

    def test_a_block_in_a_frame_has_none_and_an_earlier_persons_are_deleted_as_a_frame_needs_it(self) -> None:
        with override_settings(**FOR_FRAMES):
            answer = launch(framed(), "ada", self.world.problem)
            assert answer.status_code == 302
            self.require_dropped(answer, "None")

    def test_a_whole_course_in_a_frame_has_them_in_its_window_only(self) -> None:
        with override_settings(**FOR_FRAMES):
            page = self.launch_course(framed(), "ada")
            assert page.status_code == 200
            self.require_dropped(page, "None")
            continued = self.go_on(page)
            in_another_frame = self.go_on(self.launch_course(framed(), "ada"), **{"Sec-Fetch-Dest": "iframe"})
        assert continued.status_code == in_another_frame.status_code == 302
        self.require_made(continued)
        self.require_dropped(in_another_frame, "None")

    def go_on(self, page: HttpResponse, **headers: str) -> HttpResponse:
        """Press the button of a hand-over; its window is another browser's, as its cookies are."""
        found = re.search(r'name="token" value="([^"]+)"', page.content.decode())
        assert found
        return self.browser.post(
            reverse("lti_1p3_provider:continue"), {"token": found[1]}, headers={"Origin": HERE, **headers}
        )

    def test_what_a_partitioned_session_had_is_deleted_in_its_partition(self) -> None:
        with override_settings(**FOR_FRAMES):
            browser = framed("partitioned")
            answer = launch(browser, "ada", self.world.problem)
            self.require_partitioned(answer)
            Deployment.objects.update(status=Deployment.Status.DISABLED)
            self.require_partitioned(browser.get(door(self.world.problem)))

    def require_partitioned(self, answer: HttpResponse) -> None:
        self.require_dropped(answer, "None")
        for name in self.world.login_cookies:
            assert answer.cookies[name].OutputString().endswith("; Partitioned")

    def test_the_end_of_a_session_deletes_them(self) -> None:
        for settings, same_site in (({}, ""), (FOR_FRAMES, "None")):
            with override_settings(**settings):
                open_launched(self.browser, "ada", self.world.problem)
                Deployment.objects.update(status=Deployment.Status.DISABLED)
                self.require_dropped(self.browser.get(door(self.world.problem)), same_site)
                Deployment.objects.update(status=Deployment.Status.APPROVED)
