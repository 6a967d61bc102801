"""A platform that is invited, and its administrator: on real HTTP, from the beginning there to the launch from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import requests

from demo import registering
from demo.browser import Browser, forms
from demo.platform import Platform, Tool
from demo.platform.registration.offers import Attempt, Offer
from demo.platform.registration.products import activate, begin, page_of
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations.models import Registration
from tests.connection import Connection

TIMEOUT = 40


@dataclass
class Invited:
    """An administrator with an invitation, at a platform that behaves like ``product``."""

    platform: Platform
    lms: str
    invitation: Invitation
    url: str
    product: str = "moodle"
    options: dict[str, Any] = field(default_factory=dict)
    browser: Browser = field(default_factory=Browser)
    offer: Offer | None = None

    def like(self, product: str, **options: Any) -> Invited:
        """The same invitation at a platform of another kind."""
        return replace(self, product=product, options=options, offer=None)

    @property
    def tool_page(self) -> str:
        """Where the platform opens our page."""
        self.offer = self.offer or begin(self.platform, self.product, self.url, **self.options)
        return page_of(self.platform, self.offer)

    def opens(self, browser: Browser | None = None) -> requests.Response:
        """Open our page in the platform."""
        return (browser or self.browser).get(self.tool_page, timeout=TIMEOUT)

    def reads(self, browser: Browser | None = None) -> requests.Response:
        """Go on to the page that says who asks, and what for."""
        return self.presses(self.opens(browser), browser)

    def registers(self) -> requests.Response:
        """Go through all of it."""
        return registering.register(self.browser, self.tool_page)

    def presses(self, page: requests.Response, browser: Browser | None = None) -> requests.Response:
        """Press the page's button."""
        (form,) = (form for form in forms(page) if registering.FIELD in form.fields)
        return (browser or self.browser).submit(form)

    def activates(self) -> Tool:
        """Switch the tool on in the platform."""
        assert self.offer is not None
        return activate(self.platform, self.offer.client_id)

    @property
    def sent(self) -> list[Attempt]:
        """What the platform's registration endpoint was sent."""
        return self.platform.offers.attempts

    def connection(self) -> Connection:
        """Both sides of the registration that came of it."""
        assert self.offer is not None
        return Connection(self.platform, Registration.objects.get(client_id=self.offer.client_id), self.lms)

    def status(self) -> str:
        """What has become of the invitation."""
        self.invitation.refresh_from_db()
        return str(self.invitation.status)
