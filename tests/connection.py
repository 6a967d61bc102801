"""The emulated platform, registered with the app under test, and people who launch from it over real HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from demo.browser import Browser, forms
from demo.lms.course import courses
from demo.platform import Link, Person, Platform
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.registrations.models import Registration

COURSE = "course-v1:DemoX+LTI101+2026"
OTHER_COURSE = "course-v1:OtherX+SOON+2099"
LEARNER, OTHER_LEARNER, NAMELESS, INSTRUCTOR = "u-1001", "u-1002", "u-1003", "u-2001"

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def usage(block_type: str, name: str, course: str = COURSE) -> str:
    """Return the usage key of a block of a demo course."""
    return f"{course.replace('course-v1:', 'block-v1:')}+type@{block_type}+block@{name}"


WELCOME = usage("vertical", "welcome")
PROBLEM = usage("problem", "primary_colours")
OTHER_PROBLEM = usage("problem", "white_light")
UNIT = usage("vertical", "mixing")
SUBSECTION = usage("sequential", "colour")
UNPUBLISHED = usage("vertical", "drafts")
RIGHT = ["Red", "Green", "Blue"]


@dataclass
class Connection:
    """A registration on both sides. ``lms`` is the base URL of the app under test."""

    platform: Platform
    registration: Registration
    lms: str

    @property
    def client_id(self) -> str:
        """The client id on both sides."""
        return self.registration.client_id

    def content_url(self, usage_key: str, course: str = COURSE) -> str:
        """Return the content door of a block."""
        return f"{self.lms}/lti/1p3/launch/{course}/{usage_key}"

    def link(self, usage_key: str = PROBLEM, *, course: str = COURSE, graded: bool = False, **values: Any) -> Link:
        """Place a block in the platform's course."""
        values.setdefault("target_link_uri", self.content_url(usage_key, course))
        values.setdefault("title", f"Link to {usage_key.rpartition('@')[2]}")
        return self.platform.add_link(Link(client_id=self.client_id, graded=graded, **values))

    def person(self, sub: str, **values: Any) -> Person:
        """Add somebody to the platform's course. The platform serves all tests, so nobody is replaced."""
        if known := self.platform.store.person(sub):
            assert not values, f"{sub} is there already"
            return known
        return self.platform.add_person(Person(id=sub, **values))

    def launch(self, link: Link, person: str = LEARNER, browser: Browser | None = None) -> requests.Response:
        """Launch as a browser does; return the page that the person sees at the end."""
        return (browser or Browser()).open(self.platform.launch_url(link.id, person))

    def answer_to(self, link: Link, person: str = LEARNER, browser: Browser | None = None) -> requests.Response:
        """Launch, and ask for no content, which takes a third of the time; return the launch's own answer."""
        browser = browser or Browser()
        form = self.launch_form(link, person, browser)
        return browser.post(form.action, data=form.fields, allow_redirects=False, timeout=10)

    def enter(self, link: Link, person: str = LEARNER, browser: Browser | None = None) -> None:
        """Launch, and ask for no content: whatever is stored of a launch is there before."""
        answer = self.answer_to(link, person, browser)
        assert answer.status_code == 302, answer.text

    def launch_form(self, link: Link, person: str = LEARNER, browser: Browser | None = None) -> Any:
        """Go as far as the platform's form with token and state; return the form, not yet sent."""
        browser = browser or Browser()
        initiation = forms(browser.get(self.platform.launch_url(link.id, person), timeout=10))[0]
        return forms(browser.submit(initiation))[0]

    def tampered_launch(self, link: Link | None = None, person: str = LEARNER, **changes: Any) -> requests.Response:
        """Launch with a spoilt id_token (see ``Platform.tamper_next_launch``)."""
        self.platform.tamper_next_launch(**changes)
        return self.launch(link or self.link(WELCOME), person)

    def enter_with(self, values: dict[str, Any]) -> None:
        """Launch with some claims replaced, and ask for no content."""
        self.platform.tamper_next_launch(claims=lambda claims: {**claims, **values})
        self.enter(self.link(WELCOME))

    def launch_with(self, values: dict[str, Any], *remove: str) -> requests.Response:
        """Launch with some claims replaced and some removed."""
        return self.tampered_launch(
            claims=lambda claims: {name: value for name, value in {**claims, **values}.items() if name not in remove}
        )

    def gate(self, **lists: Any) -> LaunchGate:
        """Give the registration a launch gate."""
        return LaunchGate.objects.create(registration=self.registration, **lists)


def answer(browser: Browser, page: requests.Response, chosen: list[str] = RIGHT, number: int = 0) -> requests.Response:
    """Answer a problem on a content page."""
    form = forms(page)[number]
    data = {"csrfmiddlewaretoken": form.fields["csrfmiddlewaretoken"], "input_1": chosen}
    return browser.post(form.action, data=data, timeout=10)


def demo_course_key() -> str:
    """Return the key of the course that the constants above name."""
    return str(next(iter(courses())))
