"""The proof that an account is somebody's: the LMS's own login, from our page to our page."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from lti_1p3_provider.host.recorded_login import LAUNCHED
from lti_1p3_provider.launches import scope
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import PlatformUser

from .launch_contract import LaunchingContract
from .launching import HERE, account, door, launch, open_launched
from .world import PASSWORD

PREVENT = "PREVENT_CONCURRENT_LOGINS"
CHOICE = re.compile(r'name="token" value="([^"]+)"')


class ProofContract(LaunchingContract):
    """With a password, as a person types it into the LMS's own page."""

    def setUp(self) -> None:
        super().setUp()
        Registration.objects.update(learner_accounts="existing_with_proof")

    def owner(self, name: str = "own_account") -> AbstractUser:
        """Return an account with a password that nobody launched into."""
        user = self.person(f"{name}@own.example", "Ada Herself")
        user.username = name
        user.set_password(PASSWORD)
        user.save()
        return user

    def to_login(self, browser: Client, sub: str = "ada") -> HttpResponse:
        """Launch, and press the button that asks to sign in; return the answer, which leads to the login."""
        return self.pressed(browser, launch(browser, sub, self.world.problem))

    def pressed(self, browser: Client, choice: HttpResponse) -> HttpResponse:
        """Press the button of the page that asks."""
        found = CHOICE.search(choice.content.decode())
        assert found, choice.content
        answer = browser.post(reverse("lti_1p3_provider:account_prove"), {"token": found[1]}, headers={"Origin": HERE})
        assert answer.status_code == 302, answer.content
        return answer

    def proved(self, browser: Client, user: AbstractUser, sub: str = "ada") -> HttpResponse:
        """Return the page that names the account."""
        return browser.get(self.world.log_in(browser, self.to_login(browser, sub)["Location"], user))

    def confirmed(self, browser: Client, user: AbstractUser, sub: str = "ada") -> HttpResponse:
        """Press its button; return what the browser is shown in the end."""
        self.proved(browser, user, sub)
        confirm = reverse("lti_1p3_provider:account_confirm")
        answer = browser.post(confirm, {"account": user.username}, headers={"Origin": HERE})
        assert answer.status_code == 302, answer.content
        return browser.get(answer["Location"])

    def test_the_login_of_the_lms_leads_back_and_the_launch_goes_on_as_that_account(self) -> None:
        user = self.owner()
        asks = self.proved(self.browser, user)
        assert (asks.status_code, f"<strong>{user.username}</strong>" in asks.content.decode()) == (200, True)
        page = self.confirmed(self.browser, user)
        assert page.status_code == 200
        assert "Primary colours" in page.content.decode()
        row = PlatformUser.objects.get()
        assert (row.user, row.linked) == (user, True)
        assert open_launched(Client(), "ada", self.world.problem).status_code == 200
        assert account("ada") == user

    def test_the_login_is_told_to_come_back_to_our_page(self) -> None:
        asked = urlsplit(self.to_login(self.browser)["Location"])
        assert dict(parse_qsl(asked.query)) == {"next": reverse("lti_1p3_provider:account_confirm")}
        assert (asked.scheme, asked.netloc) == ("", "")

    def test_whoever_is_signed_in_is_asked_again_and_another_session_of_theirs_stays(self) -> None:
        user = self.owner()
        before, elsewhere = self.signed_in(user), self.signed_in(user)
        assert self.shows_login(before, self.to_login(before)["Location"])
        assert "_auth_user_id" not in before.session
        assert elsewhere.session["_auth_user_id"] == str(user.pk)
        confirm = before.get(reverse("lti_1p3_provider:account_confirm"))
        assert confirm.status_code == 302
        assert self.shows_login(before, confirm["Location"])

    def shows_login(self, browser: Client, address: str) -> bool:
        """Tell whether an address asks to sign in, and does not lead on to where a login would."""
        return browser.get(address).status_code == 200

    def test_the_session_that_was_shown_to_the_login_is_not_the_one_that_is_signed_in(self) -> None:
        user = self.owner()
        address, before = self.to_login(self.browser)["Location"], self.browser.session.session_key
        self.world.log_in(self.browser, address, user)
        assert self.browser.session["_auth_user_id"] == str(user.pk)
        assert self.browser.session.session_key != before

    def test_the_account_remembers_a_fresh_login(self) -> None:
        user = self.owner()
        self.proved(self.browser, user)
        assert get_user_model().objects.get(pk=user.pk).last_login is not None

    def test_a_login_that_throws_the_session_away_leads_back_too(self) -> None:
        """As some do that ask for a second factor."""
        user = self.owner()
        address = self.to_login(self.browser)["Location"]
        del self.browser.cookies[settings.SESSION_COOKIE_NAME]
        asks = self.browser.get(self.world.log_in(self.browser, address, user))
        assert (asks.status_code, f"<strong>{user.username}</strong>" in asks.content.decode()) == (200, True)

    def test_after_a_login_that_ends_elsewhere_the_same_button_leads_on(self) -> None:
        user, confirm = self.owner(), reverse("lti_1p3_provider:account_confirm")
        choice = launch(self.browser, "ada", self.world.problem)
        address = self.pressed(self.browser, choice)["Location"]
        self.world.log_in(self.browser, address, user)
        again = self.pressed(self.browser, choice)
        assert again["Location"] == confirm
        assert self.browser.get(confirm).status_code == 200

    def test_the_wrong_password_proves_nothing(self) -> None:
        user = self.owner()
        address = self.to_login(self.browser)["Location"]
        self.world.log_in(self.browser, address, user, password="another one")
        assert self.browser.get(reverse("lti_1p3_provider:account_confirm")).status_code == 302
        assert not PlatformUser.objects.exists()

    def test_where_concurrent_logins_are_prevented_the_proof_ends_no_more_than_the_login_does(self) -> None:
        """The LMS ends the account's own last session: nobody else's, and not the one that proved it."""
        self.feature(PREVENT, True)
        user, other = self.owner(), self.owner("other_account")
        bystander, before = self.signed_in(other), self.signed_in(user)
        assert self.proved(self.browser, user).status_code == 200
        assert "_auth_user_id" not in before.session  # as at any login
        assert self.confirmed(self.browser, user).status_code == 200
        assert self.browser.get(door(self.world.problem)).status_code == 200
        assert bystander.session["_auth_user_id"] == str(other.pk)

    def test_where_they_are_prevented_an_abandoned_proof_ends_only_the_browsers_own_session(self) -> None:
        self.feature(PREVENT, True)
        user, other = self.owner(), self.owner("other_account")
        mine, theirs = self.signed_in(user), self.signed_in(other)
        self.to_login(mine)
        assert "_auth_user_id" not in mine.session
        assert theirs.session["_auth_user_id"] == str(other.pk)

    def test_an_account_that_is_off_is_not_linked(self) -> None:
        """An LMS may let those sign in whose accounts are off; then our page says so."""
        user = self.owner()
        address = self.to_login(self.browser)["Location"]
        get_user_model().objects.filter(pk=user.pk).update(is_active=False)
        self.world.log_in(self.browser, address, user)
        assert self.browser.get(reverse("lti_1p3_provider:account_confirm")).status_code in (302, 403)
        assert not PlatformUser.objects.exists()

    def test_a_whole_course_lets_the_owner_sign_in_who_then_has_a_session_of_their_own(self) -> None:
        user, course = self.owner(), self.world.course.make_usage_key("course", "course")
        self.confirmed(self.browser, user)
        Registration.objects.update(confine_sessions=True, enrolment_mode=self.world.enrolment_mode)
        scope.forget_all()
        browser = Client()
        asked = browser.get(launch(browser, "ada", course)["Location"])
        form = re.search(r'action="([^"]+/account/own/[^"]+)"', asked.content.decode())
        assert (asked.status_code, bool(form)) == (200, True)
        login = browser.post(form[1], headers={"Origin": HERE})  # type: ignore[index]
        assert "_auth_user_id" not in browser.session
        home = browser.get(self.world.log_in(browser, login["Location"], user))
        assert home["Location"].endswith(f"/{self.world.course}/home")
        assert not browser.session.get(LAUNCHED)

    def test_whoever_teaches_a_course_of_the_lms_is_told_on_the_page(self) -> None:
        user = self.owner()
        self.world.put_on_team(user, self.world.course)
        page = self.proved(self.browser, user)
        assert (page.status_code, "account_privileged" in page.content.decode()) == (403, True)
