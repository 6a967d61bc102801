"""The registration page guides whoever fills it in: with scripts and without, wide and narrow, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from demo.stack import Stack

from .accessible import require_accessible
from .conftest import session
from .visitor import expect, look

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 800}
DJANGOS = ("th.original",)  # an empty cell in each table of rows
COURSE, TITLE = "course-v1:DemoX+LTI101+2026", "Working with light"
SUBSECTION = "block-v1:DemoX+LTI101+2026+type@sequential+block@basics"
URL = "/admin/lti_1p3_provider/registration"


in_a_narrow_window = pytest.mark.parametrize("page", [NARROW], ids=["narrow"], indirect=True)


@pytest.fixture
def page(request: pytest.FixtureRequest, admin: Page, stack: Stack) -> Page:
    """The page of a new registration, in a wide window if nothing else is said."""
    admin.set_viewport_size(getattr(request, "param", WIDE))
    admin.goto(f"{stack.lms_url}{URL}/add/")
    return admin


@pytest.fixture
def plain(browser: Browser, admin_context: BrowserContext, stack: Stack) -> Iterator[Page]:
    """The same page in a narrow window of a browser without scripts."""
    state = session(admin_context)
    with browser.new_context(viewport=NARROW, java_script_enabled=False, storage_state=state) as context:
        page = context.new_page()
        page.goto(f"{stack.lms_url}{URL}/add/")
        yield page


def test_moodles_dialog_fills_in_the_page(page: Page, stack: Stack):
    host, client_id = f"127.0.0.1:{stack.platform_port}", "moodle"
    choose(page, "Moodle")
    expect(page.get_by_text("Moodle: Redirection URI(s), and Tool URL")).to_be_visible()
    expect(page.get_by_text("In Moodle: Site administration")).to_be_visible()
    expect(page.get_by_text("In Canvas: Admin")).to_be_hidden()
    page.get_by_label("Paste what it shows").fill(dialog(host, client_id))
    expect(page.get_by_text(re.compile("^Found in your text: Issuer, Client ID"))).to_be_visible()
    expect(page.get_by_label("Client ID")).to_have_value(client_id)
    expect(page.get_by_label("Key set URL")).to_have_value(f"https://{host}/mod/lti/certs.php")
    expect(page.get_by_label("New deployments")).to_have_value("3")
    expect(tried(page, "key_set_url")).to_contain_text("Nothing answers there in time")
    page.get_by_label("New deployments").fill("4")  # not what was pasted
    looked_at(page, "registration-form", DJANGOS)
    save(page)
    expect(page.get_by_label("Title")).to_have_value(f"Moodle ({host})")
    expect(page.locator("[name=deployments-0-deployment_id]")).to_have_value("4")
    expect(page.locator("[name=deployments-INITIAL_FORMS]")).to_have_value("1")


def test_addresses_are_tried_while_they_are_entered(page: Page, stack: Stack):
    addresses = of_the_demo(page, stack)
    page.goto(f"{stack.lms_url}{URL}/add/")
    page.get_by_label("Key set URL").fill(addresses["key_set_url"])
    page.get_by_label("Access token URL").fill(addresses["auth_token_url"])
    page.get_by_label("Issuer").fill(addresses["issuer"])
    page.get_by_label("Issuer").press("Tab")
    expect(tried(page, "client_id")).to_contain_text("This issuer is known already")
    page.get_by_label("Client ID").fill("another")
    expect(tried(page, "key_set_url")).to_have_text(re.compile(r"^This key set answers: \d keys?\.$"))
    expect(tried(page, "auth_token_url")).to_have_text(re.compile("^This address answers"))
    page.get_by_label("Client ID").press("Tab")
    expect(tried(page, "client_id")).to_contain_text("This issuer is known already")
    page.get_by_label("Client ID").fill(addresses["client_id"])
    page.get_by_label("Client ID").press("Tab")
    expect(tried(page, "client_id")).to_contain_text("registered already")
    expect(tried(page, "client_id").get_by_role("link")).to_have_text("Riverside College")
    page.get_by_label("Key set URL").fill("https://10.0.0.7/keys")
    page.get_by_label("Key set URL").press("Tab")
    expect(tried(page, "key_set_url")).to_contain_text("does not call private or special addresses")
    require_accessible(page, DJANGOS)
    tried(page, "client_id").get_by_role("link").click()
    expect(page.locator("#content h1")).to_have_text("Change registration")


@in_a_narrow_window
def test_a_registrations_own_page_uses_the_same_pieces(page: Page, stack: Stack):
    addresses = of_the_demo(page, stack)
    expect(page.locator("[data-tried]").filter(has_text=re.compile("."))).to_have_count(0)  # nothing is asked unbidden
    page.get_by_role("button", name="Try the addresses now").click()
    expect(tried(page, "auth_token_url")).to_contain_text("This address answers")
    page.get_by_label("Key set URL").fill(f"{addresses['key_set_url']}/nowhere")
    page.get_by_label("Key set URL").press("Tab")
    expect(tried(page, "key_set_url")).to_contain_text("(404)")
    page.get_by_label("Key set URL").fill(addresses["key_set_url"])
    page.get_by_label("Key set URL").press("Tab")
    expect(tried(page, "key_set_url")).to_contain_text("This key set answers")
    expect(tried(page, "client_id")).to_have_text("")
    page.get_by_label("Paste what it shows").fill("Client ID: from-elsewhere")
    expect(page.get_by_text("It differs from what is entered here: Client ID.")).to_be_visible()
    expect(page.get_by_label("Client ID")).to_have_value(addresses["client_id"])
    expect(chooser(page).get_by_role("checkbox", checked=True).first).to_be_visible()
    looked_at(page, "registration-own", DJANGOS)


@in_a_narrow_window
def test_a_gate_is_chosen_from_courses(page: Page):
    fill_in(page, "gate")
    courses, blocks = (
        page.get_by_role("textbox", name="Allowed courses"),
        page.get_by_role("textbox", name="Allowed blocks"),
    )
    search = chooser(page).get_by_label("Search courses")
    search.fill("light")
    expect(item(page, TITLE)).to_be_visible()
    expect(item(page, "A small course")).to_have_count(0)
    search.press("Enter")
    expect(page.locator("#content h1")).to_have_text("Add registration")  # it saves nothing
    item(page, TITLE).get_by_role("checkbox").first.check()
    expect(courses).to_have_value(COURSE)
    expect(chooser(page).get_by_role("status")).to_have_text(f"Added: {TITLE}")
    item(page, TITLE).get_by_role("checkbox").first.uncheck()
    expect(courses).to_have_value("")
    item(page, TITLE).locator(".twist").first.click()
    item(page, "What light is").locator(".twist").first.click()
    item(page, "First look").get_by_role("checkbox").first.check()
    expect(blocks).to_have_value(SUBSECTION)
    search.fill("otherx")
    expect(item(page, TITLE)).to_have_count(0)
    item(page, "All courses of OtherX").get_by_role("checkbox").check()
    expect(page.get_by_role("textbox", name="Allowed organizations")).to_have_value("OtherX")
    courses.fill(COURSE)  # by hand, and the list follows
    search.fill("light")
    expect(item(page, TITLE).get_by_role("checkbox").first).to_be_checked()
    looked_at(page, "registration-gate", DJANGOS)
    save(page)
    expect(page.get_by_text("Only what its launch gate names: OtherX")).to_be_visible()
    expect(item(page, "First look").get_by_role("checkbox").first).to_be_checked()
    look(page, "registration-gate-saved")


def test_the_way_to_an_invitation_whose_gate_is_chosen_from_courses(page: Page):
    page.get_by_role("link", name="make an invitation").click()
    expect(page.locator("#content h1")).to_have_text("Add invitation")
    page.get_by_label("Name:", exact=True).fill("Riverside Moodle")
    expect(item(page, TITLE)).to_be_visible()
    chooser(page).get_by_label("Search courses").fill("light")
    expect(item(page, "A small course")).to_have_count(0)  # the list is another one now
    item(page, TITLE).get_by_role("checkbox").first.check()
    expect(page.get_by_role("textbox", name="Allowed courses")).to_have_value(COURSE)
    page.get_by_label("Instructors become:").select_option("beta_testers")
    looked_at(page, "invitation")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#address")).to_be_visible()
    expect(page.locator("#content-main")).to_contain_text(f"The course {TITLE}")


@in_a_narrow_window
def test_a_gate_is_chosen_by_keyboard(page: Page):
    chooser(page).get_by_label("Search courses").focus()
    expect(item(page, TITLE)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("[role=treeitem]:focus")).to_have_count(1)
    page.keyboard.press("w")
    for key in ("ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
        expect(item(page, "What light is")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(item(page, "First look")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("textbox", name="Allowed blocks")).to_have_value(SUBSECTION)
    expect(page.locator("[role=treeitem]:focus")).to_have_attribute("aria-checked", "true")


def test_values_are_copied(page: Page, admin_context: BrowserContext, stack: Stack):
    admin_context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: JWKS URL (public keys)").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == stack.facts["jwks_url"]


def test_without_scripts_it_is_a_form(plain: Page, stack: Stack):
    plain.get_by_role("link", name="Canvas (hosted by Instructure)").click()
    expect(plain.get_by_label("Platform:", exact=True)).to_have_value("canvas")
    expect(plain.get_by_text("Canvas: Redirect URIs, and Target Link URI of the key")).to_be_visible()
    expect(plain.get_by_text("In Canvas: Admin")).to_be_visible()
    expect(plain.get_by_text("Left empty, it becomes https://canvas.instructure.com", exact=True)).to_be_visible()
    expect(plain.get_by_role("button", name="Copy")).to_have_count(0)
    look(plain, "registration-plain")
    number = "10000000000375"
    plain.get_by_label("Paste what it shows").fill(f"Open edX\tadmin@school.edu\t{number}\nShow Key\tOn")
    plain.locator("[name=gate-0-allowed_courses]").fill(COURSE)
    plain.locator("[name=gate-0-block_filter]").fill("*: problem, vertical")
    save(plain)
    expect(plain.get_by_label("Client ID")).to_have_value(number)
    expect(plain.get_by_label("Title")).to_have_value("Canvas")
    expect(plain.get_by_text(f"Only what its launch gate names: {COURSE}")).to_be_visible()
    expect(plain.locator("[name=gate-0-block_filter]")).to_have_value("*: problem, vertical")


# --- steps ------------------------------------------------------------------------------------------------------------


def choose(page: Page, platform: str) -> None:
    page.get_by_label("Platform:", exact=True).select_option(label=platform)


def tried(page: Page, name: str) -> Locator:
    return page.locator(f"[data-tried={name}]")


def chooser(page: Page) -> Locator:
    return page.locator(".lti-chooser")


def item(page: Page, title: str) -> Locator:
    """Return the line of the tree with this title, and what is below it."""
    return chooser(page).get_by_role("treeitem", name=re.compile(f"^{re.escape(title)}, "))


def save(page: Page) -> None:
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_text("was added successfully")).to_be_visible()


def of_the_demo(page: Page, stack: Stack) -> dict[str, str]:
    """Open the page of the demo's own registration; return what is entered there."""
    page.goto(f"{stack.lms_url}{URL}/{stack.facts['registration']}/change/")
    names = ("issuer", "client_id", "auth_token_url", "key_set_url", "auth_login_url")
    return {name: page.locator(f"[name={name}]").input_value() for name in names}


def fill_in(page: Page, client_id: str) -> None:
    """Enter a platform that nobody has to ask."""
    values = {
        "issuer": "http://127.0.0.1",
        "auth_login_url": "http://127.0.0.1/a",
        "auth_token_url": "http://127.0.0.1/t",
    }
    for name, value in {**values, "key_set_url": "http://127.0.0.1/k", "client_id": client_id}.items():
        page.locator(f"[name={name}]").fill(value)


def looked_at(page: Page, name: str, besides: tuple[str, ...] = ()) -> None:
    """Look at a page wide and light, narrow and dark: colours do not depend on the width. It is left as it was."""
    before, seen = page.viewport_size, None
    for size, scheme in ((WIDE, "light"), (NARROW, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways <= 0, f"{sideways} px too wide"
        seen = require_accessible(page, besides, seen=seen)
        look(page, f"{name}-{size['width']}-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(before)  # type: ignore[arg-type]


def dialog(host: str, client_id: str) -> str:
    """Return Moodle's "Tool configuration details"."""
    return "\n".join(
        (
            f"Platform ID\nhttps://{host}",
            f"Client ID\n{client_id}",
            f"Public keyset URL\nhttps://{host}/mod/lti/certs.php",
            f"Access token URL\nhttps://{host}/mod/lti/token.php",
            f"Authentication request URL\nhttps://{host}/mod/lti/auth.php",
            "Deployment ID\n3",
        )
    )
