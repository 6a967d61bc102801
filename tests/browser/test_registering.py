"""An administrator connects a platform by invitation: our page in a frame of the platform's, on another site, with
third-party cookies blocked; in a tab; by keyboard, on a small screen, and without scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack

from .accessible import require_accessible
from .conftest import VIEWPORT
from .reading import require_readable
from .strict import strict_browser
from .two_sites import running
from .visitor import NARROW, Visitor, expect, look

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Page, Playwright, Request

REGISTER = "/lti/1p3/register/"
TITLE = "How fast is light?"
ADD = "Add to the course"
QUESTION = "Register Stand-in LMS in your learning platform?"
DONE = "Registered. Now activate it in your platform"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    with running(tmp_path_factory.mktemp("two-sites"), pytestconfig, found=True) as stack:
        yield stack


@pytest.fixture(scope="module")
def strict(
    playwright: Playwright, executable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A browser that blocks third-party cookies, and what it complained of."""
    with strict_browser(playwright, executable, tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def administrator(strict: tuple[BrowserContext, list[str]], sites: Stack) -> Iterator[Visitor]:
    """Somebody with such a browser. Afterwards our pages have set no cookie, and told no address to anybody."""
    context, complaints = strict
    told: list[str] = []

    def note(request: Request) -> None:
        if REGISTER in request.url and (response := request.response()) and "set-cookie" in response.headers:
            told.append(f"cookie of {request.url}")
        if any(secret in request.headers.get("referer", "") for secret in (REGISTER, "registration_token", "ticket=")):
            told.append(f"address told to {request.url}")

    context.on("requestfinished", note)
    yield Visitor(context, sites)
    context.remove_listener("requestfinished", note)
    context.new_page()  # with its last page Chromium ends
    for page in context.pages[:-1]:
        page.close()
    assert complaints == []
    assert told == []


def invitation(stack: Stack, name: str = "Riverside College") -> str:
    """Make an invitation as an operator does; return its address."""
    said = stack.manage("lti_1p3_invite", "--json", f"--name={name}", "--allow-org=DemoX")
    return str(json.loads(said)["url"])


def connecting(page: Page, stack: Stack, product: str = "moodle") -> Page:
    """Enter an invitation's address on the platform's page."""
    page.goto(f"{stack.platform_url}/tools/")
    page.get_by_label("The tool's registration URL").fill(invitation(stack))
    page.get_by_label("This platform behaves").select_option(product)
    page.get_by_role("button", name="Connect").click()
    return page


def our_frame(page: Page) -> FrameLocator:
    """Return the frame once it asks its question."""
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("heading", level=1, name=QUESTION)).to_be_visible()
    return frame


def the_frame(page: Page) -> Frame:
    """Return the frame with our page, to look into it."""
    return next(frame for frame in page.frames if frame.parent_frame is not None)


def activated(page: Page) -> str:
    """Activate the one tool that waits; return its client id."""
    waiting = page.get_by_role("listitem").filter(has_text="Waits for you")
    expect(waiting).to_have_count(1)
    client_id = waiting.locator("dd").first.inner_text()
    waiting.get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Waits for you")).to_have_count(0)
    return client_id


def test_dr_07_from_the_platforms_page_to_a_launch(administrator: Visitor) -> None:
    page, stack = administrator.context.new_page(), administrator.stack
    page.goto(f"{stack.platform_url}/tools/")
    require_accessible(page)
    expect(page.get_by_label("The tool's registration URL")).to_have_value(stack.facts["registration_url"])
    frame = our_frame(connecting(page, stack))
    require_accessible(the_frame(page))
    look(page, "registering-question")
    for text in ("Riverside College", "Moodle", "127.0.0.1"):
        expect(frame.get_by_text(text).first).to_be_visible()
    assert "token" not in the_frame(page).url
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", level=1, name=DONE)).to_be_visible()
    require_accessible(the_frame(page))
    look(page, "registering-done")
    frame.get_by_role("button", name="Close this page").click()
    expect(page.get_by_role("status")).to_contain_text("It waits until you activate it")
    require_accessible(page)
    look(page, "registering-waits")
    client_id = activated(page)
    _choose_and_launch(administrator, client_id)


def _choose_and_launch(administrator: Visitor, client_id: str) -> None:
    """Choose content with the tool that was just activated, and launch it as a learner, in a window."""
    page, stack = administrator.context.new_page(), administrator.stack
    page.goto(f"{stack.platform_url}/add-content?person=u-2001&client_id={client_id}&dialog=one&like=moodle")
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("heading", level=1, name="Choose content")).to_be_visible()
    the_frame(page).wait_for_load_state("load")  # before its script is there, nothing is found while somebody types
    frame.get_by_label("Search titles").fill("fast")
    frame.get_by_role("radio", name=TITLE, exact=True).check()
    frame.get_by_role("button", name=ADD).click()
    expect(frame.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    page.goto(f"{stack.platform_url}/?person=u-1001")
    with page.expect_popup() as opened:
        page.get_by_role("group", name=TITLE).last.get_by_role("link", name="New window").click()
    expect(opened.value.get_by_role("heading", name=TITLE).first).to_be_visible()


def test_in_a_tab_as_brightspace_opens_it(administrator: Visitor) -> None:
    page, stack = administrator.context.new_page(), administrator.stack
    connecting(page, stack, "brightspace")
    require_accessible(page)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open the tool's page").click()
    tab = opened.value
    expect(tab.get_by_role("heading", level=1, name=QUESTION)).to_be_visible()
    tab.reload()  # the configuration can be read once
    expect(tab.get_by_role("heading", level=1, name=QUESTION)).to_be_visible()
    tab.get_by_role("button", name="Register").click()
    expect(tab.get_by_role("heading", level=1, name=DONE)).to_be_visible()
    with tab.expect_event("close"):
        tab.get_by_role("button", name="Close this page").click()
    expect(page.get_by_role("status")).to_contain_text("It waits until you activate it")
    _choose_and_launch(administrator, activated(page))


def test_with_the_keyboard_alone(administrator: Visitor) -> None:
    page = administrator.context.new_page()
    frame = our_frame(connecting(page, administrator.stack, "canvas"))
    button = frame.get_by_role("button", name="Register")
    for _ in range(12):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement && document.hasFocus()"):
            break
    page.keyboard.press("Enter")
    close = frame.get_by_role("button", name="Close this page")
    close.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("It waits until you activate it")
    activated(page)


def test_a_refusal_can_be_read_in_the_frame(administrator: Visitor) -> None:
    page, stack = administrator.context.new_page(), administrator.stack
    frame = our_frame(connecting(page, stack))
    fault = {"kind": "status", "endpoint": "registration", "status": 422, "times": 1}
    page.request.post(f"{stack.platform_here}/control/faults", data=fault)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_text("A fault that was switched on.")).to_be_visible()
    expect(frame.get_by_text("Support code:")).to_be_visible()
    require_accessible(the_frame(page))
    page.get_by_role("link", name="Close without waiting for the tool").click()
    expect(page.get_by_role("status")).to_contain_text("nothing has registered")


@pytest.mark.parametrize(
    "browser_is",
    [{"viewport": NARROW}, {"color_scheme": "dark"}, {"locale": "ar", "viewport": NARROW}],
    ids=["narrow", "dark", "arabic"],
)
def test_the_pages_are_readable_and_accessible(visit: Callable[..., Visitor], browser_is: dict[str, object]) -> None:
    visitor = visit(**browser_is)
    page = connecting(visitor.context.new_page(), visitor.stack)
    frame = our_frame(page)
    name = "-".join(str(value) for value in browser_is.values() if isinstance(value, str)) or "narrow"
    for heading, button in ((QUESTION, "Register"), (DONE, "Close this page")):
        expect(frame.get_by_role("heading", level=1, name=heading)).to_be_visible()
        if "locale" in browser_is:  # no translation comes with the app yet, but sites have their own
            the_frame(page).evaluate("document.documentElement.dir = 'rtl'")
        require_readable(page)
        require_accessible(the_frame(page))
        look(page, f"registering-{name}-{button.lower().replace(' ', '-')}")
        frame.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_contain_text("It waits until you activate it")
    require_readable(page)
    require_accessible(page)
    waiting = page.get_by_role("listitem").filter(has_text="Waits for you")
    waiting.get_by_role("button", name="Remove").click()
    expect(waiting).to_have_count(0)  # the platform's list is the next test's too


def test_without_scripts(browser: Browser, stack: Stack) -> None:
    with browser.new_context(viewport=VIEWPORT, java_script_enabled=False) as context:
        page = connecting(context.new_page(), stack)
        frame = page.frame_locator("#tool")
        frame.get_by_role("button", name="Continue").click()
        frame.get_by_role("button", name="Register").click()
        expect(frame.get_by_role("heading", level=1, name=DONE)).to_be_visible()
        expect(frame.get_by_role("button", name="Close this page")).to_be_hidden()
        page.get_by_role("link", name="Close without waiting for the tool").click()
        activated(page)
