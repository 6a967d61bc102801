"""What an administrator reads before keys change: on wide and narrow screens, light and dark, in both directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from demo.stack import Stack

from .accessible import require_accessible
from .visitor import expect, look

if TYPE_CHECKING:
    from playwright.sync_api import Page

KEYS = "/admin/lti_1p3_provider/toolkey/"


WIDE, MIDDLE, NARROW = ({"width": width, "height": 800} for width in (1280, 800, 320))
WINDOWS = (("wide", WIDE, "light"), ("narrow", NARROW, "light"), ("dark", WIDE, "dark"), ("rtl", MIDDLE, "light"))


def looked_at(page: Page, name: str, *windows: str) -> None:
    """Look at a page in windows of these kinds: it must fit, and be accessible."""
    seen: str | None = None
    for window, size, scheme in WINDOWS:
        if window in windows:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.evaluate("to => { document.documentElement.dir = to }", "rtl" if window == "rtl" else "ltr")
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            seen = require_accessible(page, seen=seen)
            look(page, f"{name}-{window}")


def test_what_a_rotation_means_is_read_before_it_is_made(admin: Page, stack: Stack):
    admin.goto(f"{stack.lms_url}{KEYS}")
    admin.locator("#result_list .action-select").first.check()
    admin.locator("select[name=action]").select_option("rotate")
    admin.locator("button[name=index]").click()
    expect(admin.locator("table.lti-tasks")).to_be_visible()
    expect(admin.locator("button.button")).to_be_visible()
    looked_at(admin, "keys-rotate", "wide", "narrow", "dark", "rtl")


def test_a_move_is_explained_and_a_key_can_be_given_to_one_registration(admin: Page, stack: Stack):
    admin.set_viewport_size(WIDE)  # type: ignore[arg-type]
    admin.goto(f"{stack.lms_url}{KEYS}")
    admin.get_by_role("link", name="Before this site's address changes").click()
    expect(admin.get_by_role("heading", name="Before keys or their address change")).to_be_visible()
    require_accessible(admin)
    look(admin, "keys-address")
    admin.goto(f"{stack.lms_url}{KEYS}add/")
    admin.locator(".select2-selection").click()
    admin.locator(".select2-search__field").fill("River")
    admin.get_by_role("option", name=re.compile("Riverside")).first.click()
    look(admin, "keys-add")


def test_sending_a_key_has_a_page_of_its_own(admin: Page, stack: Stack):
    admin.goto(f"{stack.lms_url}/admin/lti_1p3_provider/registration/1/push-key/")
    expect(admin.get_by_label("The school's own host:")).to_be_visible()
    looked_at(admin, "keys-push", "wide", "narrow")
    admin.get_by_role("button", name="Send the key now").click()
    expect(admin.get_by_role("alert")).to_contain_text("takes no keys")
    look(admin, "keys-push-refused")
