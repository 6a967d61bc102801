"""Several frames of one page launch at once: each request has the cookies from before, the browser keeps the last."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.test import Client

from lti_1p3_provider.diagnostics.models import LaunchAttempt

from .launch_contract import LaunchingContract
from .launching import account, door, launch, open_launched

PREVENT = "PREVENT_CONCURRENT_LOGINS"
COOKIE = settings.SESSION_COOKIE_NAME


def twin(browser: Client) -> Client:
    """Return a browser with the same cookies."""
    other = Client()
    for name, cookie in browser.cookies.items():
        other.cookies[name] = cookie.value
    return other


class ParallelContract(LaunchingContract):
    """Whether the LMS prevents concurrent logins or not."""

    def test_frames_that_all_come_without_cookies_all_stay_signed_in(self) -> None:
        for prevented in (True, False):
            self.feature(PREVENT, prevented)
            self.require_all_work([Client() for _ in range(3)], f"first-{prevented}")

    def test_frames_that_all_come_with_the_session_of_before_all_stay_signed_in(self) -> None:
        for prevented in (True, False):
            self.feature(PREVENT, prevented)
            open_launched(self.browser, f"again-{prevented}", self.world.text)
            frames = [twin(self.browser) for _ in range(3)]
            self.require_all_work([*frames, self.browser], f"again-{prevented}")

    def require_all_work(self, frames: list[Client], sub: str) -> None:
        """Launch in each, and then look at the content with each session, and with that of before for a minute."""
        old = [frame.cookies[COOKIE].value for frame in frames if COOKIE in frame.cookies]
        assert [launch(frame, sub, self.world.problem).status_code for frame in frames] == [302] * len(frames)
        for key in (*old, *(frame.cookies[COOKIE].value for frame in frames)):
            looking = Client()
            looking.cookies[COOKIE] = key
            page = looking.get(door(self.world.problem))
            assert page.status_code == 200, page.content
            assert looking.session["_auth_user_id"] == str(account(sub).pk)

    def test_a_session_that_is_ended_while_a_launch_runs_gives_a_readable_page(self) -> None:
        def end(sender: object, request: Any, **kwargs: Any) -> None:
            import_module(settings.SESSION_ENGINE).SessionStore(request.session.session_key).delete()

        user_logged_in.connect(end)
        self.addCleanup(user_logged_in.disconnect, end)
        answer = launch(self.browser, "ada", self.world.problem)
        attempt = LaunchAttempt.objects.latest("pk")
        assert (answer.status_code, attempt.outcome, attempt.door) == (400, "session_ended", "launch")
        assert attempt.support_code in answer.content.decode()
        assert "https://platform.example" in answer["Content-Security-Policy"]
        user_logged_in.disconnect(end)
        assert open_launched(self.browser, "ada", self.world.problem).status_code == 200
