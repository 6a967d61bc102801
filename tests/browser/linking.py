"""People who have accounts of their own at the stand-in LMS, and platforms whose people may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.stack import Stack

from .visitor import expect, tell_platform

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

COURSE = "course-v1:DemoX+LTI101+2026"
SIGN_IN = "Sign in with my account, in a new window"
IMPORTS = """
from django.contrib.auth.models import User
from demo.lms.models import Enrolment
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import PlatformUser
"""


def at_the_lms(stack: Stack, code: str) -> None:
    """Run Python in the LMS."""
    stack.manage("shell", "-c", IMPORTS + code)


def let_choose(stack: Stack, mode: str = "existing_with_proof") -> None:
    """Set how learners of the platform get their accounts."""
    at_the_lms(stack, f"Registration.objects.update(learner_accounts={mode!r})")


def own_accounts(stack: Stack, *names: str) -> None:
    """Make accounts, if they are not there. Their passwords are their names."""
    at_the_lms(
        stack,
        f"for name in {names!r}:\n"
        "    User.objects.filter(username=name).exists() or User.objects.create_user(name, password=name)\n",
    )


def linked_person(stack: Stack, person: str) -> str:
    """Add a person to the platform who has linked the account of the same name, takes part in the course, and has
    a link to all of it; return the link's id."""
    own_accounts(stack, person)
    at_the_lms(
        stack,
        f"user, row = User.objects.get(username={person!r}), Registration.objects.order_by('pk').first()\n"
        f"known = {{'registration': row, 'sub': {person!r}, 'sub_digest': digest({person!r})}}\n"
        "PlatformUser.objects.get_or_create(**known, defaults={'user': user, 'linked': True})\n"
        f"Enrolment.objects.get_or_create(user=user, course_key={COURSE!r}, defaults={{'mode': 'audit'}})\n",
    )
    link = {
        "id": "course",
        "title": "The whole course",
        "client_id": stack.facts["client_id"],
        "target_link_uri": f"{stack.facts['redirect_uri']}{COURSE}",
        "presentation": "window",
    }
    for kind, body in (("people", {"id": person, "name": person}), ("links", link)):
        tell_platform(stack, kind, body)
    return link["id"]


def begun(place: Page | FrameLocator) -> Page:
    """Press the button that asks to sign in; return the window that it opens, with the login."""
    window = opened(place)
    expect(window.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    return window


def opened(place: Page | FrameLocator) -> Page:
    """Press the button that asks to sign in; return the window that it opens."""
    button = place.get_by_role("button", name=SIGN_IN)
    expect(button).to_be_visible()
    with button.page.expect_popup() as window:
        button.click()
    return window.value


def sign_in(window: Page, name: str, password: str = "") -> None:
    """Fill in the login; wait until the page after it names the account."""
    window.bring_to_front()
    window.get_by_label("Username").fill(name)
    window.get_by_label("Password").fill(password or name)
    window.get_by_role("button", name="Sign in").click()
    expect(window.get_by_text(f"You are signed in as {name}.")).to_be_visible()
