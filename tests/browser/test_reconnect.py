"""A session that ends while somebody types, and the way back to the platform, in a real browser."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .reading import require_readable
from .visitor import (
    RIGHT_COLOURS,
    STRIP,
    PlaywrightTimeout,
    Visitor,
    arrived,
    expect,
    look,
    open_in_window,
    problem,
    submit,
    tell_platform,
    whole,
)

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

BANNER = "#lti-1p3-session"
NUMBERS = itertools.count(1)
SOON = 2_000  # milliseconds
SESSION = re.compile("session")


def end_session(visitor: Visitor) -> None:
    """End it as the LMS does: its cookie leads nowhere."""
    visitor.context.clear_cookies(name=SESSION)


@dataclass
class Learner:
    """Somebody of whom nobody knows anything yet, and the tab in which the unit is open."""

    visitor: Visitor
    person: str
    page: Page

    def open(self, person: str = "") -> FrameLocator:
        """Open the unit, or open it once more, in the same tab."""
        self.page.bring_to_front()
        self.page.goto(f"{self.visitor.stack.platform_url}/links/unit?person={person or self.person}")
        frame = self.page.frame_locator("#tool")
        whole(arrived(frame))
        return frame

    def launch_elsewhere(self, person: str = "") -> None:
        """Launch the unit in another tab, and come back."""
        self.visitor.launch("unit", person or self.person).close()
        self.page.bring_to_front()


@pytest.fixture
def somebody(visitor: Visitor) -> Callable[[], Learner]:
    """Return a function that adds a person to the course."""

    def add() -> Learner:
        person = f"u-reconnect-{next(NUMBERS)}"
        tell_platform(visitor.stack, "people", {"id": person, "name": person, "email": f"{person}@platform.example"})
        return Learner(visitor, person, visitor.context.new_page())

    return add


def come_back(place: Page | FrameLocator) -> None:
    """Say that one is signed in again; coming back to the tab may have been enough, or be so just now."""
    button = place.get_by_role("button", name="I am signed in again")
    if button.is_visible():
        with suppress(PlaywrightTimeout):
            button.click(timeout=SOON)
    expect(place.locator(BANNER)).to_contain_text("You are signed in again")
    expect(button).not_to_be_visible()


def test_what_was_typed_is_kept_until_somebody_is_signed_in_again_in_another_tab(somebody):
    learner = somebody()
    frame = learner.open()
    form, banner = problem(frame, "Primary colours"), frame.locator(BANNER)
    expect(banner).to_have_attribute("role", "alert")
    assert banner.bounding_box()["height"] == 0
    end_session(learner.visitor)
    submit(form, *RIGHT_COLOURS)
    expect(banner).to_contain_text("You are no longer signed in here")
    look(learner.page, "session-ended")
    learner.launch_elsewhere()
    come_back(frame)
    expect(submit(form)).to_have_text("4 of 4 points")
    expect(frame.locator(STRIP)).to_contain_text("Riverside College")


def test_what_was_typed_comes_back_after_a_reload(somebody):
    learner = somebody()
    form = problem(learner.open(), "Primary colours")
    end_session(learner.visitor)
    submit(form, "Yellow")
    banner = learner.page.frame_locator("#tool").locator(BANNER)
    expect(banner).to_contain_text("You are no longer signed in here")
    form = problem(learner.open(), "Primary colours")
    expect(banner).to_contain_text("What you had typed before is back")
    expect(form.get_by_label("Yellow", exact=True)).to_be_checked()
    expect(submit(form)).to_contain_text("of 4")
    form.get_by_label("Yellow", exact=True).uncheck()
    expect(submit(form, "Red")).to_contain_text("of 4")
    form = problem(learner.open(), "Primary colours")
    learner.page.wait_for_timeout(300)
    expect(form.get_by_label("Yellow", exact=True)).not_to_be_checked()  # it was kept once only
    expect(banner).to_have_text("")


def test_what_is_changed_after_it_came_back_stays_changed(somebody):
    """The LMS puts a new form in the place of one that was answered."""
    learner = somebody()
    form = problem(learner.open(), "Primary colours")
    end_session(learner.visitor)
    submit(form, "Yellow")
    expect(learner.page.frame_locator("#tool").locator(BANNER)).to_contain_text("You are no longer signed in here")
    frame = learner.open()
    yellow = problem(frame, "Primary colours").get_by_label("Yellow", exact=True)
    expect(yellow).to_be_checked()
    yellow.uncheck()
    frame.locator("main").evaluate("main => { main.innerHTML = main.innerHTML.replaceAll(' checked', '') }")
    learner.page.wait_for_timeout(300)
    expect(yellow).not_to_be_checked()


def test_fields_that_nobody_can_tell_apart_are_left_alone(somebody):
    add = "main => { for (let i = 0; i < 2; i++) main.append(document.createElement('textarea')) }"
    learner = somebody()
    frame = learner.open()
    frame.locator("main").evaluate(add)
    for number, essay in enumerate(("one", "two")):
        frame.locator("textarea").nth(number).fill(essay)
    end_session(learner.visitor)
    submit(problem(frame, "White light"), "Black")
    expect(frame.locator(BANNER)).to_contain_text("You are no longer signed in here")
    frame = learner.open()
    expect(problem(frame, "White light").get_by_label("Black", exact=True)).to_be_checked()
    frame.locator("main").evaluate(add)
    learner.page.wait_for_timeout(300)
    assert [frame.locator("textarea").nth(number).input_value() for number in (0, 1)] == ["", ""]


def test_what_one_person_typed_is_not_shown_to_another(somebody):
    learner, other = somebody(), somebody()
    frame = learner.open()
    learner.launch_elsewhere(other.person)
    submit(problem(frame, "Primary colours"), "Yellow")
    expect(frame.locator(BANNER)).to_contain_text("another activity was opened in this browser, with another account")
    frame = learner.open(other.person)
    expect(problem(frame, "Primary colours").get_by_label("Yellow", exact=True)).not_to_be_checked()
    expect(frame.locator(BANNER)).to_have_text("")


def test_after_another_accounts_launch_the_line_says_so_and_an_answer_too_and_a_reload(somebody):
    """As two activities of two registrations do: the other account may not open this one."""
    learner, other = somebody(), somebody()
    frame, says = learner.open(), "Another activity was opened in this browser, with another account"
    learner.visitor.launch("welcome", other.person).close()
    learner.page.bring_to_front()
    submit(problem(frame, "Primary colours"), "Yellow")
    expect(frame.locator(BANNER)).to_contain_text("with another account, so your answer was not taken")
    expect(frame.locator(STRIP)).to_contain_text(says)
    require_readable(learner.page)
    look(learner.page, "other-account")
    frame.locator("body").evaluate("() => location.reload()")
    expect(frame.get_by_role("heading", level=1)).to_have_text(says)
    look(learner.page, "other-account-reload")
    frame = learner.open()
    expect(problem(frame, "Primary colours").get_by_label("Yellow", exact=True)).to_be_checked()
    expect(frame.locator(STRIP)).not_to_contain_text("another account")


def test_jquery_sends_the_new_token(somebody):
    """As the LMS's pages do, whose token is set once."""
    learner = somebody()
    window = learner.visitor.launch("unit", learner.person)
    window.evaluate("window.jQuery = { ajaxSetup: (given) => { window.told = given.headers } }")
    end_session(learner.visitor)
    submit(problem(window, "Primary colours"), "Red")
    expect(window.locator(BANNER)).to_contain_text("no longer signed in")
    learner.launch_elsewhere()
    window.bring_to_front()
    come_back(window)
    assert len(window.evaluate("window.told")["X-CSRFToken"]) > 30


def test_a_token_that_another_frames_launch_replaced_is_renewed_after_one_refusal(somebody):
    """The LMS's pages set it once; of frames that launch at once, the last one's is the browser's."""
    learner = somebody()
    window = learner.visitor.launch("unit", learner.person)
    window.evaluate("window.jQuery = { ajaxSetup: (given) => { window.told = given.headers } }")
    learner.visitor.context.clear_cookies(name="csrftoken")
    submit(problem(window, "Primary colours"), "Red")
    expect(window.locator(BANNER)).to_contain_text("Please submit it once more")
    assert len(window.evaluate("window.told")["X-CSRFToken"]) > 30
    expect(submit(problem(window, "Primary colours"), *RIGHT_COLOURS)).to_have_text("4 of 4 points")


def test_a_link_leads_back_to_the_platform(visitor: Visitor):
    window = open_in_window(visitor.course("u-1002"), "Mixing colours")
    look(window, "way-back")
    window.get_by_role("link", name="Back to Riverside College").click()
    window.wait_for_url(f"{visitor.stack.platform_url}/**")
