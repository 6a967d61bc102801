"""A session that ends while somebody types, and the way back to the platform, in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .test_scores import STRIP, look
from .visitor import Visitor, expect, open_in_page, open_in_window, problem, submit

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page

BANNER = "#lti-1p3-session"
SESSION = re.compile("session")


def end_session(visitor: Visitor) -> None:
    """End it as the LMS does: its cookie leads nowhere."""
    visitor.context.clear_cookies(name=SESSION)


def reopen(visitor: Visitor, page: Page, person: str = "") -> FrameLocator:
    """Open the unit once more, in the same tab."""
    page.goto(visitor.stack.platform_url)
    if person:
        page.get_by_role("button", name=person).click()
        expect(page.get_by_role("button", name=person)).to_have_attribute("aria-pressed", "true")
    return open_in_page(page, "Mixing colours")


def test_what_was_typed_is_kept_until_somebody_is_signed_in_again_in_another_tab(visitor: Visitor):
    page = visitor.course("Ben Osei")
    frame = open_in_page(page, "Mixing colours")
    form = problem(frame, "Primary colours")
    banner = frame.locator(BANNER)
    expect(banner).to_have_attribute("role", "alert")
    assert banner.bounding_box()["height"] == 0
    end_session(visitor)
    submit(form, "Red", "Green", "Blue")
    expect(banner).to_contain_text("You are no longer signed in here")
    look(page, "session-ended")
    visitor.launch("unit", "u-1002").close()
    page.bring_to_front()
    button = frame.get_by_role("button", name="I am signed in again")
    if button.is_visible():  # coming back to the tab may have been enough
        button.click()
    expect(banner).to_contain_text("You are signed in again")
    expect(button).not_to_be_visible()
    expect(submit(form)).to_have_text(re.compile(r"4(\.0)? of 4"))
    expect(frame.locator(STRIP)).to_contain_text("Emulated platform")


def test_what_was_typed_comes_back_after_a_reload(visitor: Visitor):
    page = visitor.course("Ben Osei")
    form = problem(open_in_page(page, "Mixing colours"), "Primary colours")
    end_session(visitor)
    submit(form, "Yellow")
    banner = page.frame_locator("#tool").locator(BANNER)
    expect(banner).to_contain_text("You are no longer signed in here")
    form = problem(reopen(visitor, page), "Primary colours")
    expect(banner).to_contain_text("What you had typed before is back")
    expect(form.get_by_label("Yellow", exact=True)).to_be_checked()
    expect(submit(form)).to_contain_text("of 4")
    form.get_by_label("Yellow", exact=True).uncheck()
    submit(form)
    form = problem(reopen(visitor, page), "Primary colours")
    page.wait_for_timeout(300)
    expect(form.get_by_label("Yellow", exact=True)).not_to_be_checked()  # it was kept once only
    expect(banner).to_have_text("")


def test_what_one_person_typed_is_not_shown_to_another(visitor: Visitor):
    page = visitor.course("Ben Osei")
    frame = open_in_page(page, "Mixing colours")
    visitor.launch("unit", "u-1001").close()
    form = problem(frame, "Primary colours")
    submit(form, "Yellow")
    expect(frame.locator(BANNER)).to_contain_text("Somebody else has signed in here")
    frame = reopen(visitor, page, "Ada Park")
    expect(problem(frame, "Primary colours").get_by_label("Yellow", exact=True)).not_to_be_checked()
    expect(frame.locator(BANNER)).to_have_text("")


def test_jquery_sends_the_new_token(visitor: Visitor):
    """As the LMS's pages do, whose token is set once."""
    window = visitor.launch("unit", "u-1002")
    window.evaluate("window.jQuery = { ajaxSetup: (given) => { window.told = given.headers } }")
    end_session(visitor)
    submit(problem(window, "Primary colours"), "Red")
    expect(window.locator(BANNER)).to_contain_text("no longer signed in")
    visitor.launch("unit", "u-1002").close()
    window.bring_to_front()
    button = window.get_by_role("button", name="I am signed in again")
    if button.is_visible():
        button.click()
    expect(window.locator(BANNER)).to_contain_text("You are signed in again")
    assert len(window.evaluate("window.told")["X-CSRFToken"]) > 30


def test_a_link_leads_back_to_the_platform(visitor: Visitor):
    page = visitor.course("Ben Osei")
    window = open_in_window(page, "Mixing colours")
    link = window.get_by_role("link", name="Back to Emulated platform")
    look(window, "way-back")
    link.click()
    window.wait_for_url(f"{visitor.stack.platform_url}/**")
