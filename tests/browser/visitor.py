"""What a person does in a browser: opens the course, chooses who they are, opens links, looks at the gradebook."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from demo.stack import Stack

try:
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import TimeoutError as PlaywrightTimeout
    from playwright.sync_api import expect
except ModuleNotFoundError:  # the fixture ``playwright`` skips, and says so
    expect = PlaywrightError = PlaywrightTimeout = None  # type: ignore[assignment, misc]

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page

# Milliseconds until a test gives up. On a busy machine a page that looks for the platform's storage may itself wait for
# 14 seconds, if the platform does not announce it: twice 2 at the login, 2 and 8 at the launch (``browser_check.js``).
PATIENCE = 30_000
WIDTH = 1100
NARROW = {"width": 320, "height": 640}
RIGHT_COLOURS = ("Red", "Green", "Blue")
# The gradebook shows what is new every two seconds, to a person.
OFTEN = """{ const every = window.setInterval;
  window.setInterval = (what, after, ...more) => every(what, Math.min(after, 250), ...more); }"""
LOOKS, BETWEEN = 60, 300  # how often to open a page again, and after how many milliseconds
STRIP = "#lti-1p3-score-status"


@dataclass
class Visitor:
    """Somebody with a browser profile of their own; pages are tabs of it."""

    context: BrowserContext
    stack: Stack

    def course(self, person: str) -> Page:
        """Open the platform's course in a new tab, as a person by their id."""
        page = self.context.new_page()
        page.goto(f"{self.stack.platform_url}/?person={person}")
        return page

    def gradebook(self) -> Page:
        """Open the platform's gradebook in a new tab."""
        page = self.context.new_page()
        page.add_init_script(OFTEN)
        page.goto(f"{self.stack.platform_url}/gradebook")
        return page

    def launch(self, link: str, person: str = "u-1001") -> Page:
        """Launch a link by its id in a tab of its own, and wait until its page is there."""
        page = self.context.new_page()
        page.goto(f"{self.stack.platform_url}/launch/{link}?person={person}&target=window")
        page.wait_for_url(f"{self.stack.lms_url}/**")
        whole(arrived(page))
        return page


def tell_platform(stack: Stack, kind: str, body: dict[str, Any]) -> None:
    """Add something of a kind ("people", "links") to the platform."""
    requests.post(f"{stack.platform_here}/control/{kind}", json=body, timeout=PATIENCE / 1000).raise_for_status()


def choose(page: Page, name: str) -> None:
    """Choose who one is, on the course's page."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")


def open_in_page(page: Page, title: str) -> FrameLocator:
    """Click the link's "Open in this page" and return its frame once it shows a page."""
    page.bring_to_front()
    page.get_by_role("group", name=title).get_by_role("link", name="Open in this page").click()
    frame = page.frame_locator("#tool")
    whole(arrived(frame))
    return frame


def open_in_window(page: Page, title: str) -> Page:
    """Click the link's "New window" and return the window once it shows a page."""
    page.bring_to_front()
    with page.expect_popup() as opened:
        page.get_by_role("group", name=title).get_by_role("link", name="New window").click()
    whole(arrived(opened.value))
    return opened.value


def whole(shown: Locator) -> None:
    """Wait until something is shown, and until its page is whole: a page that has not all its scripts yet works by its
    forms, and notices no answer."""
    expect(shown).to_be_visible()
    frame = shown.element_handle().owner_frame()
    assert frame is not None
    frame.wait_for_load_state("load")


def arrived(page: Page | FrameLocator) -> Locator:
    """Return the main heading of a page that is no page on the way."""
    return page.get_by_role("heading", level=1).filter(has_not_text="Opening your activity")


def problem(page: Page | FrameLocator, title: str) -> Locator:
    """Return the form of a problem."""
    return page.locator("form[data-problem]").filter(has=page.get_by_role("heading", name=title))


def submit(form: Locator, *choices: str, text: str = "") -> Locator:
    """Choose or type the answer, submit it, and return where the page says what came of it."""
    form.page.bring_to_front()  # a tab in the background draws nothing, so a click would wait for its next picture
    whole(form)
    for choice in choices:
        box = form.get_by_label(choice, exact=True)
        if not box.is_checked():
            box.press("Space")  # the line above the content may move it away from under a mouse
        expect(box).to_be_checked()
    if text:
        form.get_by_role("textbox").fill(text)
    form.get_by_role("button", name="Submit").click()
    return form.get_by_role("status")


def scores_of_class(content: Page | FrameLocator) -> Page:
    """Press the button of those who teach, in a page or frame; return the window that it opens."""
    button = content.get_by_role("button", name="Scores of your class")
    with button.page.expect_popup() as opened:
        button.click()
    expect(opened.value.get_by_role("heading", level=1, name="Scores of your class")).to_be_visible()
    return opened.value


def until_shown(what: Locator, again: Callable[[], object]) -> None:
    """Wait until a page shows something that it shows only when it is opened ``again``, which leads to a whole page."""
    for _ in range(LOOKS):
        if what.is_visible():
            break
        what.page.wait_for_timeout(BETWEEN)
        again()
    expect(what).to_be_visible()


def compare(page: Page) -> Locator:
    """Have a course's scores compared with the platforms' gradebooks, and return where the page says how they are."""
    page.get_by_role("button", name="Compare and send missing scores again").click()
    found, link = page.get_by_role("status", name="Comparison"), page.get_by_role("link", name="Look again")
    expect(found.or_(link)).to_be_visible()

    def again() -> None:
        with page.expect_navigation():  # else the page that is about to go would be asked for the link once more
            link.click()

    until_shown(found, again)
    return found


def score(gradebook: Page, person: str, column: str) -> Locator:
    """Return the gradebook's cell of a person in a column."""
    grades = gradebook.get_by_role("table", name="Scores by person")
    labels = grades.locator("thead th").all_inner_texts()
    number = next(number for number, label in enumerate(labels) if label.startswith(column))
    row = grades.get_by_role("row").filter(has=gradebook.get_by_role("rowheader", name=person))
    return row.get_by_role("cell").nth(number - 1)


def require_score(stack: Stack, place: Page | FrameLocator, person: str, title: str) -> None:
    """Answer the problem of the three colours rightly; its score must arrive in the platform's gradebook."""
    form = problem(place, title)
    expect(submit(form, *RIGHT_COLOURS)).to_have_text("4 of 4 points")
    for _ in range(PATIENCE // BETWEEN):
        if (found := stored_score(stack, person, title)) == "100":
            return
        form.page.wait_for_timeout(BETWEEN)
    raise AssertionError(f"the platform has {found!r} for {person}")


def stored_score(stack: Stack, person: str, column: str) -> str:
    """Return what the platform's gradebook shows for the name of a person, in percent; empty for nothing."""
    book = requests.get(f"{stack.platform_here}/gradebook.json", timeout=PATIENCE / 1000).json()
    number = next(number for number, one in enumerate(book["columns"]) if one["label"].startswith(column))
    return str(next(row["cells"][number]["score"] for row in book["rows"] if row["name"] == person))


def look(page: Page, name: str) -> None:
    """Leave a picture for a person to look at, if ``LTI_LOOK_AT`` names a folder."""
    if folder := os.environ.get("LTI_LOOK_AT"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
