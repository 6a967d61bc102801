"""The login of a real LMS, as sites have it: with the front end for it, or with single sign-on."""

from __future__ import annotations

from .openedx_world import OF_BROWSERS, InOpenEdx

# isort: split

import html
import json
import re
from urllib.parse import parse_qs, parse_qsl, urlsplit

from common.djangoapps.third_party_auth.tests.testutil import ThirdPartyAuthTestMixin
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from lti_1p3_provider.launches.accounts import WAITING

from .proof_contract import ProofContract
from .world import PASSWORD

CONFIRM = "/lti/1p3/account/confirm/"
AUTHN = "https://apps.lms.example/authn"
LOGIN_API = "/api/user/v2/account/login_session/"


@override_settings(AUTHN_MICROFRONTEND_URL=AUTHN)
class OpenEdxLoginFrontEndTest(ProofContract, InOpenEdx):
    """Where the login is a front end of its own. What it does is the same, so all of the contract holds."""

    def setUp(self) -> None:
        super().setUp()
        self.feature("ENABLE_AUTHN_MICROFRONTEND", True)

    def shows_login(self, browser: Client, address: str) -> bool:
        """The front end is on another host."""
        answer = browser.get(address)
        return answer.status_code == 302 and answer["Location"].startswith(f"{AUTHN}/login?")

    def test_login_leads_to_the_front_end_which_is_told_where_to_come_back_to(self) -> None:
        sent = self.browser.get(self.to_login(self.browser)["Location"])["Location"]
        assert dict(parse_qsl(urlsplit(sent).query)) == {"next": CONFIRM}

    def test_the_login_says_to_the_front_end_that_our_page_is_next(self) -> None:
        user, asked = self.owner(), self.to_login(self.browser)["Location"]
        sent = {"email_or_username": user.username, "password": PASSWORD, **dict(parse_qsl(urlsplit(asked).query))}
        answer = self.browser.post(LOGIN_API, sent, headers=OF_BROWSERS)
        assert answer.status_code == 200
        assert answer.json()["redirect_url"] == f"{settings.LMS_ROOT_URL}{CONFIRM}"


class OpenEdxSingleSignOnTest(ThirdPartyAuthTestMixin, ProofContract, InOpenEdx):
    """As far as the provider's own page."""

    def setUp(self) -> None:
        self.feature("ENABLE_THIRD_PARTY_AUTH", True)
        super().setUp()
        self.configure_google_provider(enabled=True, visible=True)

    def test_the_login_offers_the_provider_which_leads_back_to_our_page_in_the_same_session(self) -> None:
        asked = urlsplit(self.to_provider()["Location"])
        assert asked.netloc == "accounts.google.com"
        assert parse_qs(asked.query)["state"]
        assert self.browser.session["next"] == CONFIRM
        assert WAITING in self.browser.session

    def to_provider(self) -> HttpResponse:
        """Follow its button on the page of the login."""
        page = self.browser.get(self.to_login(self.browser)["Location"], headers=OF_BROWSERS)
        (button,) = re.findall(r'"loginUrl": ("[^"]+")', html.unescape(page.content.decode()))
        answer = self.browser.get(json.loads(button), headers=OF_BROWSERS)
        assert answer.status_code == 302, answer.content
        return answer

    def test_nobody_is_signed_in_before_the_provider_says_so(self) -> None:
        self.to_provider()
        assert "_auth_user_id" not in self.browser.session
        assert self.browser.get(reverse("lti_1p3_provider:account_confirm")).status_code == 302
