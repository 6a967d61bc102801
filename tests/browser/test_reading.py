"""Pages on a narrow screen, in a dark scheme, and without a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .reading import require_readable
from .visitor import Visitor, expect, open_in_page, problem

if TYPE_CHECKING:
    from playwright.sync_api import Page

MAX_TABS = 40


@pytest.mark.parametrize("link", ["welcome", "problem", "unit", "subsection", "outside"])
def test_content_and_refusals_are_readable_on_a_narrow_screen_and_in_a_dark_scheme(narrow_visitor: Visitor, link: str):
    page = narrow_visitor.launch(link)
    require_readable(page)
    page.emulate_media(color_scheme="dark")
    require_readable(page)


def test_the_platforms_pages_are_readable_on_a_narrow_screen(narrow_visitor: Visitor):
    page = narrow_visitor.course("u-1001")
    require_readable(page)
    for title in ("Mixing colours", "Another organization's course"):
        open_in_page(page, title)
        require_readable(page)
        page.goto(narrow_visitor.stack.platform_url)
    require_readable(narrow_visitor.gradebook())


def test_the_problem_can_be_answered_with_the_keyboard_alone(visitor: Visitor):
    page = visitor.course("u-1003")
    form = problem(open_in_page(page, "Primary colours"), "Primary colours")
    for choice in ("Red", "Green", "Blue"):
        box = form.get_by_label(choice)
        _tab_to(page, box)
        if not box.is_checked():
            page.keyboard.press("Space")
    if form.get_by_label("Yellow").is_checked():  # somebody answered before
        _tab_to(page, form.get_by_label("Yellow"))
        page.keyboard.press("Space")
    _tab_to(page, form.get_by_role("button", name="Submit"))
    assert form.get_by_role("button").evaluate("button => getComputedStyle(button).outlineStyle") != "none"
    page.keyboard.press("Enter")
    expect(form.get_by_role("status")).to_have_text("4 of 4 points")


def _tab_to(page: Page, target) -> None:
    """Press the tabulator until ``target`` has the focus."""
    for _ in range(MAX_TABS):
        if target.evaluate("element => element === document.activeElement && document.hasFocus()"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the tabulator does not lead there")
