"""What an administrator reads before keys change: on wide and narrow screens, light and dark, in both directions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from .accessible import require_accessible
from .conftest import session
from .visitor import expect, look

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

KEYS = "/admin/lti_1p3_provider/toolkey/"


@pytest.fixture
def signed_in(browser: Browser, admin_context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Return a function that makes an administrator's window of a kind. Another login would end the one of before."""
    contexts = []
    state = session(admin_context)

    def opened(**options: object) -> Page:
        context = browser.new_context(storage_state=state, **options)  # type: ignore[arg-type]
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


WINDOWS = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "narrow": {"viewport": {"width": 320, "height": 700}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "rtl": {"viewport": {"width": 800, "height": 800}},
}


@pytest.mark.parametrize("window", WINDOWS)
def test_what_a_rotation_means_is_read_before_it_is_made(signed_in, stack, window):
    page = signed_in(**WINDOWS[window])
    page.goto(f"{stack.lms_url}{KEYS}")
    page.locator("#result_list .action-select").first.check()
    page.locator("select[name=action]").select_option("rotate")
    page.locator("button[name=index]").click()
    expect(page.locator("table.lti-tasks")).to_be_visible()
    expect(page.locator("button.button")).to_be_visible()
    if window == "rtl":
        page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    require_accessible(page)
    look(page, f"keys-rotate-{window}")


def test_a_move_is_explained_and_a_key_can_be_given_to_one_registration(signed_in, stack):
    page = signed_in(**WINDOWS["wide"])
    page.goto(f"{stack.lms_url}{KEYS}")
    page.get_by_role("link", name="Before this site's address changes").click()
    expect(page.get_by_role("heading", name="Before keys or their address change")).to_be_visible()
    require_accessible(page)
    look(page, "keys-address")
    page.goto(f"{stack.lms_url}{KEYS}add/")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("River")
    page.get_by_role("option", name=re.compile("Riverside")).first.click()
    look(page, "keys-add")


@pytest.mark.parametrize("window", ["wide", "narrow"])
def test_sending_a_key_has_a_page_of_its_own(signed_in, stack, window):
    page = signed_in(**WINDOWS[window])
    page.goto(f"{stack.lms_url}/admin/lti_1p3_provider/registration/1/push-key/")
    expect(page.get_by_label("The school's own host:")).to_be_visible()
    require_accessible(page)
    page.get_by_role("button", name="Send the key now").click()
    expect(page.get_by_role("alert")).to_contain_text("takes no keys")
    look(page, f"keys-push-{window}")
