"""An instructor chooses content in a frame of the platform's, on another site: with the mouse, with the keyboard alone,
without scripts, and with cookies blocked there. None of these pages sets a cookie, in any of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack

from .accessible import require_accessible
from .browsers import VIEWPORT, Profile, arrivals
from .reading import require_readable
from .two_sites import Kind
from .visitor import NARROW, Visitor, expect, tell_platform

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Locator, Page, Response

TEACHER = "u-2001"
TITLE = "How fast is light?"
COURSE = "Working with light"
ADD = "Add to the course"
COOKIE = "set-cookie"
WITHOUT_COOKIES = Kind(blocks_third_party=True)
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership"
ASSISTANT = [f"{ROLE}#Instructor", f"{ROLE}/Instructor#TeachingAssistant"]


@pytest.fixture
def instructor(profile_of: Callable[..., Profile], sites: Stack) -> Iterator[Callable[..., Visitor]]:
    """Return a function that makes somebody with a browser of a kind, for which platform and LMS are two sites.
    Afterwards no page of the picker's may have set a cookie."""
    cookies: list[str] = []
    picker = "/lti/1p3/deep-linking/"

    def note(response: Response) -> None:
        if picker in response.url and COOKIE in response.headers:
            cookies.append(response.url)

    with arrivals(profile_of, sites, "response", note) as arrive:
        yield arrive
    assert cookies == []


@pytest.fixture
def visitor(instructor: Callable[..., Visitor]) -> Visitor:
    """Somebody with an ordinary browser."""
    return instructor()


def add_content(page: Page, dialog: str = "Several items", like: str = "canvas") -> FrameLocator:
    """Open one of the platform's dialogs; return its frame once our page is in it."""
    page.get_by_label("This platform behaves").select_option(like)
    page.get_by_role("button", name=dialog).click()
    frame = page.frame_locator("#tool")
    expect(frame.get_by_role("heading", level=1, name="Choose content")).to_be_visible()
    the_frame(page).wait_for_load_state("load")  # before its script is there, the page works by its form
    return frame


def unfold(frame: FrameLocator | Page, *titles: str) -> None:
    frame.get_by_role("button", name=COURSE, exact=True).click()
    for title in titles:
        frame.get_by_role("button", name=f"What is in {title}", exact=True).click()


def chosen(frame: FrameLocator | Page) -> Locator:
    """Return the lines of the choice, in its order."""
    return frame.locator("ol.chosen .title")


def item(frame: FrameLocator | Page, title: str) -> Locator:
    """Return a line of the tree."""
    return frame.get_by_role("treeitem", name=f"{title}, ")


def the_frame(page: Page) -> Frame:
    """Return the frame with our page, to look into it."""
    return next(frame for frame in page.frames if frame.parent_frame is not None)


def type_keys(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


DRAG = """(list, [from, to]) => {
  const what = list.children[from], over = list.children[to], dataTransfer = new DataTransfer();
  const tell = (target, name, clientY = 0) =>
    target.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer, clientY }));
  tell(what, "dragstart");
  tell(over, "dragover", over.getBoundingClientRect().top + 2);
  tell(over, "drop");
  tell(what, "dragend");
}"""


# A driver's keys come as late as the machine is busy; these come at once.
TYPED = """(field, text) => { for (const letter of text) {
  field.value += letter;
  field.dispatchEvent(new InputEvent("input", { bubbles: true, data: letter, inputType: "insertText" }));
} }"""


def drag(lines: Locator, what: int, before: int) -> None:
    """Tell the list's script what a browser tells while somebody drags: a driver's mouse drags in no frame of another
    process."""
    lines.evaluate(DRAG, [what, before])


def test_one_item_in_a_frame_of_another_site_without_cookies(instructor: Callable[..., Visitor]) -> None:
    visitor = instructor(WITHOUT_COOKIES)
    page = visitor.course(TEACHER)
    frame = add_content(page, "One item")
    unfold(frame, "Light in numbers", "Speed")
    frame.get_by_role("radio", name="Speed", exact=True).check()
    frame.get_by_role("radio", name=TITLE, exact=True).check()
    expect(chosen(frame)).to_have_text([TITLE])
    frame.get_by_role("button", name=ADD).click()
    expect(frame.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    page.goto(visitor.stack.platform_url)
    expect(page.get_by_text(f"Column: {TITLE}, 3 points").first).to_be_visible()
    assert not [one for one in visitor.context.cookies() if one["name"] == "sessionid"]


def test_several_in_an_order_that_is_changed_by_buttons_and_by_dragging(visitor: Visitor) -> None:
    page = visitor.course(TEACHER)
    frame = add_content(page)
    unfold(frame, "Light in numbers")
    for title in ("Speed", "Units", "First look"):
        frame.get_by_role("checkbox", name=title, exact=True).check()
    frame.get_by_role("button", name="Move Units up").click()
    expect(chosen(frame)).to_have_text(["Units", "Speed", "First look"])
    expect(frame.get_by_role("button", name="Move Units down")).to_be_focused()
    drag(frame.locator("ol.chosen"), 2, 0)
    expect(chosen(frame)).to_have_text(["First look", "Units", "Speed"])
    frame.get_by_role("button", name="Remove Speed").click()
    expect(frame.get_by_role("checkbox", name="Speed", exact=True)).not_to_be_checked()
    frame.get_by_role("button", name=ADD).click()
    expect(frame.get_by_role("heading", name="2 items added to the course")).to_be_visible()
    expect(frame.get_by_role("listitem")).to_have_count(2)
    expect(frame.get_by_role("listitem").first).to_contain_text("First look")


def test_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.course(TEACHER)
    frame = add_content(page, like="moodle")
    frame.get_by_label("Search titles").focus()
    for _ in range(10):  # type, graded, search, then the tree: one place for the tabulator
        if item(frame, COURSE).first.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(item(frame, "What light is")).to_be_visible()
    type_keys(page, "End")
    expect(item(frame, "Working with media")).to_be_focused()
    type_keys(page, "Home", "c", "o")
    expect(item(frame, "Colour quiz")).to_be_focused()
    page.keyboard.press("Enter")
    expect(item(frame, "Mixing colours")).to_be_visible()
    type_keys(page, "ArrowRight", "Space")
    expect(item(frame, "Mixing colours")).to_have_attribute("aria-checked", "true")
    expect(frame.get_by_role("status")).to_have_text("Chosen: 1")
    type_keys(page, "ArrowLeft", "ArrowLeft")
    expect(item(frame, "Mixing colours")).to_be_hidden()
    type_keys(page, "ArrowUp", "Space")
    expect(frame.get_by_role("status")).to_have_text("Chosen: 2")
    expect(frame.get_by_role("heading", level=3, name="First look")).to_be_visible()  # the preview goes along
    for _ in range(12):
        page.keyboard.press("Tab")
        if frame.get_by_role("button", name=ADD).evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(frame.get_by_role("heading", name="2 items added to the course")).to_be_visible()


def test_search_filters_and_back_to_the_tree(visitor: Visitor) -> None:
    page = visitor.course(TEACHER)
    frame = add_content(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    frame.get_by_label("Search titles").evaluate(TYPED, "light")
    expect(frame.get_by_role("status")).to_contain_text("Found: ")
    assert sum("/deep-linking/search/" in url for url in asked) == 1, "it asks once for a word that is typed quickly"
    frame.get_by_label("Type").select_option("problem")
    frame.get_by_label("graded only").check()
    expect(frame.locator("#offer")).to_have_text("Found: 2")
    frame.get_by_role("checkbox", name=TITLE, exact=True).check()
    require_accessible(the_frame(page))
    frame.get_by_label("Search titles").fill("")
    frame.get_by_label("Type").select_option("")
    frame.get_by_label("graded only").uncheck()
    expect(frame.get_by_role("button", name=COURSE, exact=True)).to_be_visible()
    expect(chosen(frame)).to_have_text([TITLE])


def test_a_preview_shows_the_question_and_adds_parts_one_by_one(visitor: Visitor) -> None:
    frame = add_content(visitor.course(TEACHER))
    unfold(frame, "Colour quiz", "Mixing colours")
    item(frame, "White light").focus()
    preview = frame.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("What do a red, a green and a blue lamp give together?")
    expect(preview).to_contain_text("Brown")
    item(frame, "Mixing colours").focus()
    preview.get_by_role("button", name="Add its parts one by one").click()
    expect(chosen(frame)).to_have_text(["Two ways to mix", "Primary colours", "White light"])


def test_two_pickers_in_two_tabs_know_nothing_of_each_other(visitor: Visitor) -> None:
    one, other = visitor.course(TEACHER), visitor.course(TEACHER)
    first, second = add_content(one), add_content(other, "One item")
    unfold(first)
    first.get_by_role("checkbox", name="First look", exact=True).check()
    other.bring_to_front()
    unfold(second)
    second.get_by_role("radio", name="Colour quiz", exact=True).check()
    expect(chosen(second)).to_have_text(["Colour quiz"])
    second.get_by_role("button", name=ADD).click()
    expect(second.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    one.bring_to_front()
    expect(chosen(first)).to_have_text(["First look"])
    first.get_by_role("button", name=ADD).click()
    expect(first.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    expect(first.get_by_role("listitem")).to_contain_text(["First look"])


def test_a_choice_that_was_not_sent_is_offered_again_in_the_same_tab(visitor: Visitor) -> None:
    page = visitor.course(TEACHER)
    frame = add_content(page)
    unfold(frame)
    frame.get_by_role("checkbox", name="Colour quiz", exact=True).check()
    page.goto(visitor.stack.platform_url)
    frame = add_content(page)
    expect(frame.get_by_text("You had chosen 1 here before")).to_be_visible()
    frame.get_by_role("button", name="Choose them again").click()
    expect(chosen(frame)).to_have_text(["Colour quiz"])
    frame.get_by_role("button", name=ADD).click()
    expect(frame.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    page.goto(visitor.stack.platform_url)
    frame = add_content(page)
    expect(frame.get_by_text("You had chosen")).to_have_count(0)


def test_a_page_that_expired_says_so_and_what_had_been_chosen(visitor: Visitor) -> None:
    page = visitor.course(TEACHER)
    frame = add_content(page)
    unfold(frame)
    frame.get_by_role("checkbox", name="Colour quiz", exact=True).check()
    expect(frame.get_by_role("heading", level=3, name="Colour quiz")).to_be_visible()  # the preview comes by itself
    age = "from lti_1p3_provider.deep_linking.models import DeepLinkingRequest as R; from django.utils import timezone"
    visitor.stack.manage("shell", "-c", f"{age}; R.objects.update(expires_at=timezone.now())")
    frame.get_by_role("button", name="What is in Colour quiz").click()
    expect(frame.get_by_role("heading", name="This page was open for too long")).to_be_visible()
    expect(frame.get_by_role("listitem")).to_have_text("Colour quiz")
    require_accessible(the_frame(page))
    page.goto(visitor.stack.platform_url)
    expect(add_content(page).get_by_text("You had chosen 1 here before")).to_be_visible()


def test_back_after_the_answer_says_that_it_was_sent(visitor: Visitor) -> None:
    page = visitor.course(TEACHER)
    frame = add_content(page, "One item")
    unfold(frame)
    token = frame.locator("input[name=token]").input_value()
    frame.get_by_role("radio", name="Colour quiz", exact=True).check()
    frame.get_by_role("button", name=ADD).click()
    expect(frame.get_by_role("heading", name="1 item added to the course")).to_be_visible()
    page.set_content(
        f'<form method="post" action="{visitor.stack.lms_url}/lti/1p3/deep-linking/pick/">'
        f'<input name="token" value="{token}"><button>again</button></form>'
    )
    page.get_by_role("button").click()
    expect(page.get_by_role("heading", name="This choice has already been sent to your course")).to_be_visible()


def test_cancel(visitor: Visitor) -> None:
    frame = add_content(visitor.course(TEACHER), "A text editor")
    expect(frame.get_by_role("note")).to_contain_text("no score is sent")
    frame.get_by_role("button", name="Cancel").click()
    expect(frame.get_by_role("heading", name="Nothing was chosen")).to_be_visible()


def test_nothing_is_sent_while_nothing_is_chosen(visitor: Visitor) -> None:
    frame = add_content(visitor.course(TEACHER))
    frame.get_by_role("button", name=ADD).click()
    # From the script, or from the server if the script was not there yet.
    expect(frame.get_by_text("Nothing is chosen yet.")).to_be_visible()


def test_an_assistant_is_refused_with_a_way_back(visitor: Visitor) -> None:
    person = {"id": "u-assistant", "name": "Assistant", "roles": ASSISTANT}
    tell_platform(visitor.stack, "people", person)
    page = visitor.context.new_page()
    page.goto(f"{visitor.stack.platform_url}/deep-link?person=u-assistant&dialog=one")
    expect(page.get_by_role("heading", name="Teaching assistants cannot add content to this course")).to_be_visible()
    require_readable(page)
    require_accessible(page)
    page.get_by_role("button", name="Back to your course").click()
    page.wait_for_url(f"{visitor.stack.platform_url}/**")


def test_the_page_is_readable_and_accessible(browser: Browser, sites: Stack) -> None:
    with browser.new_context(viewport=NARROW, has_touch=True) as context:
        profile = Profile(context)
        looked_at(Visitor(context, sites).course(TEACHER))
        profile.leave()


def looked_at(page: Page) -> None:
    """Choose on a narrow screen, and look at the page there, in the dark, and from right to left."""
    frame = add_content(page, like="plain")
    require_accessible(the_frame(page))
    unfold(frame, "Light in numbers", "Colour quiz", "Mixing colours")
    frame.get_by_role("checkbox", name="Primary colours", exact=True).check()
    item(frame, "Primary colours").focus()
    expect(frame.get_by_role("region", name="Preview")).to_contain_text("Yellow")
    # No translation comes with the app yet, but sites have their own, from right to left as well.
    seen: str | None = None
    for scheme, size, direction in (("light", NARROW, "ltr"), ("dark", VIEWPORT, "ltr"), ("light", VIEWPORT, "rtl")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        the_frame(page).evaluate("to => { document.documentElement.dir = to }", direction)
        require_readable(page)
        seen = require_accessible(the_frame(page), seen=seen)


def test_without_scripts(scriptless: BrowserContext, sites: Stack) -> None:
    page = scriptless.new_page()
    page.goto(f"{sites.platform_url}/deep-link?person=u-2001&dialog=one")
    for _ in range(2):  # the platform's own forms
        page.get_by_role("button", name="Continue").click()
    unfold(page, "Light in numbers")
    page.get_by_role("button", name="Preview Speed", exact=True).click()
    expect(page.get_by_text("About how many kilometres")).to_be_visible()
    page.get_by_role("radio", name="Speed", exact=True).check()
    page.get_by_role("button", name=ADD).click()
    page.get_by_role("button", name="Back to your course").click()
    expect(page.get_by_role("heading", name="1 item added to the course")).to_be_visible()
