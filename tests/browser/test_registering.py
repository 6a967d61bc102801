"""An administrator connects a platform by invitation: our page in a frame of the platform's, on another site, with
third-party cookies blocked; in a tab; by keyboard, on a small screen, and without scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack

from .accessible import require_accessible
from .browsers import VIEWPORT, Profile, arrivals
from .reading import require_readable
from .two_sites import Kind
from .visitor import NARROW, Visitor, expect, look

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, Request

REGISTER = "/lti/1p3/register/"
TITLE = "How fast is light?"
ADD = "Add to the course"
QUESTION = "Register Stand-in LMS in your learning platform?"
DONE = "Registered. Now activate it in your platform"


@pytest.fixture
def administrator(profile_of: Callable[..., Profile], sites: Stack) -> Iterator[Callable[..., Visitor]]:
    """Return a function that makes somebody with a browser of a kind. Afterwards our pages have set no cookie, and told
    no address to anybody."""
    told: list[str] = []

    def note(request: Request) -> None:
        if REGISTER in request.url and (response := request.response()) and "set-cookie" in response.headers:
            told.append(f"cookie of {request.url}")
        if any(secret in request.headers.get("referer", "") for secret in (REGISTER, "registration_token", "ticket=")):
            told.append(f"address told to {request.url}")

    with arrivals(profile_of, sites, "requestfinished", note) as arrive:
        yield arrive
    assert told == []


@pytest.fixture
def visitor(administrator: Callable[..., Visitor]) -> Visitor:
    """Somebody with an ordinary browser."""
    return administrator()


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


def test_dr_07_from_the_platforms_page_to_a_launch(administrator: Callable[..., Visitor]) -> None:
    somebody = administrator(Kind(blocks_third_party=True))
    page, stack = somebody.context.new_page(), somebody.stack
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
    _choose_and_launch(somebody, client_id)


def _choose_and_launch(somebody: Visitor, client_id: str) -> None:
    """Choose content with the tool that was just activated, and launch it as a learner, in a window."""
    page, stack = somebody.context.new_page(), somebody.stack
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


def test_in_a_tab_as_brightspace_opens_it(visitor: Visitor) -> None:
    page, stack = visitor.context.new_page(), visitor.stack
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
    _choose_and_launch(visitor, activated(page))


def test_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.context.new_page()
    frame = our_frame(connecting(page, visitor.stack, "canvas"))
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


def test_a_refusal_can_be_read_in_the_frame(visitor: Visitor) -> None:
    page, stack = visitor.context.new_page(), visitor.stack
    frame = our_frame(connecting(page, stack))
    fault = {"kind": "status", "endpoint": "registration", "status": 422, "times": 1}
    page.request.post(f"{stack.platform_here}/control/faults", data=fault)
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_text("A fault that was switched on.")).to_be_visible()
    expect(frame.get_by_text("Support code:")).to_be_visible()
    require_accessible(the_frame(page))
    page.get_by_role("link", name="Close without waiting for the tool").click()
    expect(page.get_by_role("status")).to_contain_text("nothing has registered")


LOOKS = (("light", NARROW, "ltr"), ("dark", VIEWPORT, "ltr"), ("light", NARROW, "rtl"))


def looked_at(page: Page, name: str) -> None:
    """Look at a page and its frame: narrow, dark, and from right to left, as a site's own translation may be."""
    seen: str | None = None
    for scheme, size, direction in LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for frame in page.frames[1:]:
            frame.evaluate("to => { document.documentElement.dir = to }", direction)
        require_readable(page)
        seen = require_accessible(page.frames[-1], seen=seen)
        look(page, f"registering-{name}-{scheme}-{size['width']}-{direction}")


def test_the_pages_are_readable_and_accessible(visitor: Visitor) -> None:
    page = connecting(visitor.context.new_page(), visitor.stack)
    frame = our_frame(page)
    for heading, button in ((QUESTION, "Register"), (DONE, "Close this page")):
        expect(frame.get_by_role("heading", level=1, name=heading)).to_be_visible()
        looked_at(page, button.lower().replace(" ", "-"))
        frame.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_contain_text("It waits until you activate it")
    looked_at(page, "waits")
    waiting = page.get_by_role("listitem").filter(has_text="Waits for you")
    waiting.get_by_role("button", name="Remove").click()
    expect(waiting).to_have_count(0)  # the platform's list is the next test's too


def test_without_scripts(scriptless: BrowserContext, sites: Stack) -> None:
    page = connecting(scriptless.new_page(), sites)
    frame = page.frame_locator("#tool")
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("button", name="Register").click()
    expect(frame.get_by_role("heading", level=1, name=DONE)).to_be_visible()
    expect(frame.get_by_role("button", name="Close this page")).to_be_hidden()
    page.get_by_role("link", name="Close without waiting for the tool").click()
    activated(page)
