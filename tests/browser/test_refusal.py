"""A refusal is a page that a person can act on, and that an administrator can look up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .two_sites import Kind
from .visitor import Visitor, expect, open_in_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

BEN = "u-1002"
OUTSIDE = "Another organization's course"
REASON = "Your learning platform may not open this activity"


def test_a_refusal_is_readable_and_leads_back_with_its_message(visitor: Visitor, picture: Callable[[Page, str], None]):
    page = visitor.course(BEN)
    frame = open_in_page(page, OUTSIDE)
    expect(frame.get_by_role("heading", level=1)).to_have_text(REASON)
    picture(page, "demo-refusal")
    code = frame.locator(".code").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code)

    frame.get_by_role("link", name="Back to your course").click()

    expect(frame.get_by_text(f"{REASON} ({code})")).to_be_visible()
    frame.get_by_role("link", name="Back to the course").click()
    expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()


def test_a_browser_that_blocks_our_cookies_is_told_what_to_do(without_cookies: Visitor):
    page = without_cookies.course(BEN)
    Kind().be_patient(page)
    frame = open_in_page(page, "Primary colours")
    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Open in a new window").click()

    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("cookie")
    expect(opened.value.get_by_text("allow cookies for the site")).to_be_visible()
    expect(opened.value.locator(".code")).to_be_visible()
    names = {cookie["name"] for cookie in without_cookies.context.cookies()}
    assert names == {"demo_platform_person"}, "the browser kept a cookie of the LMS, so this test shows nothing"
