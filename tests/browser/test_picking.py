"""An instructor chooses content in a frame of the platform's, on another site, with cookies blocked there, and without
scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack

from .conftest import FLAGS, VIEWPORT, watch
from .two_sites import Kind, running
from .visitor import NARROW, Visitor, expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, FrameLocator, Page, Playwright

TITLE = "How fast is light?"
COURSE = "Working with light"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("two-sites")) as stack:
        yield stack


@pytest.fixture
def instructor(playwright: Playwright, executable: str, sites: Stack, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody whose browser takes no cookies of the LMS inside the platform's pages, partitioned or not."""
    kind = Kind(blocks_third_party=True)
    kind.write_preferences(tmp_path)
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=executable, args=FLAGS, viewport=VIEWPORT, ignore_https_errors=True
    )
    complaints: list[str] = []
    watch(context, complaints)
    yield Visitor(context, sites)
    context.close()
    assert complaints == []


def add_content(page: Page, dialog: str, like: str = "canvas") -> FrameLocator:
    """Open one of the platform's dialogs; return its frame once our page is in it."""
    page.get_by_label("This platform behaves").select_option(like)
    page.get_by_role("button", name=dialog).click()
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("heading", level=1, name="Choose content")).to_be_visible()
    return frame


def unfold(frame: FrameLocator | Page, *titles: str) -> None:
    frame.get_by_role("button", name=COURSE, exact=True).click()
    for title in titles:
        frame.get_by_role("button", name=f"What is in {title}", exact=True).click()


def test_one_item_in_a_frame_of_another_site_without_cookies(instructor: Visitor) -> None:
    page = instructor.course("Ines Roth")
    frame = add_content(page, "One item")
    unfold(frame, "Light in numbers", "Speed")
    frame.get_by_role("radio", name=TITLE, exact=True).check()
    frame.get_by_role("button", name="Add to the course").click()
    expect(frame.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    page.goto(instructor.stack.platform_url)
    expect(page.get_by_text(f"LineItemAddress: {TITLE}, 3 points").first).to_be_visible()
    assert not [one for one in instructor.context.cookies() if one["name"] == "sessionid"]


def test_several_in_an_order_on_a_narrow_screen(visitor: Visitor) -> None:
    page = visitor.course("Ines Roth")
    page.set_viewport_size(NARROW)
    frame = add_content(page, "Several items", "moodle")
    unfold(frame, "Light in numbers")
    frame.get_by_role("checkbox", name="Speed", exact=True).check()
    frame.get_by_role("checkbox", name="Units", exact=True).check()
    frame.get_by_role("button", name="Keep my ticks and go on").click()
    frame.get_by_role("button", name="Move Units up").click()
    expect(frame.locator("ol.chosen li").first).to_contain_text("Units")
    width = frame.locator("html").evaluate("page => page.scrollWidth - page.clientWidth")
    assert width <= 0
    frame.get_by_role("button", name="Add to the course").click()
    added = frame.get_by_role("listitem")
    expect(added).to_have_count(2)
    expect(added.first).to_contain_text("Units")


def test_cancel(visitor: Visitor) -> None:
    frame = add_content(visitor.course("Ines Roth"), "A text editor")
    expect(frame.get_by_role("note")).to_contain_text("no score is sent")
    frame.get_by_role("button", name="Cancel").click()
    expect(frame.get_by_role("heading", name="Nothing was chosen")).to_be_visible()


def test_without_scripts(browser: Browser, stack: Stack) -> None:
    with browser.new_context(viewport=VIEWPORT, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{stack.platform_url}/deep-link?person=u-2001&dialog=one")
        for _ in range(2):  # the platform's own forms
            page.get_by_role("button", name="Continue").click()
        unfold(page, "Light in numbers")
        page.get_by_role("radio", name="Speed", exact=True).check()
        page.get_by_role("button", name="Add to the course").click()
        page.get_by_role("button", name="Back to your course").click()
        expect(page.get_by_role("heading", name="1 item added to the course")).to_be_visible()
