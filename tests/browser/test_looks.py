"""What a second look at a page must still find: what other colours and another width change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .accessible import require_accessible
from .visitor import NARROW

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAINT = "<style>@media (prefers-color-scheme: dark) { body { background: #111; } p { color: #333; } }</style><p>Text"
HIDDEN = "<style>input { display: none; } @media (max-width: 400px) { input { display: block; } }</style><input>"


@pytest.mark.parametrize(("part", "rule"), [(FAINT, "color-contrast"), (HIDDEN, "label")], ids=["colours", "width"])
def test_a_second_look_finds_what_is_different(browser: Browser, part: str, rule: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_content(f"<!doctype html><html lang=en><title>A page</title><main><h1>A page</h1>{part}</main>")
        seen = require_accessible(page)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match=rule):
            require_accessible(page, seen=seen)
