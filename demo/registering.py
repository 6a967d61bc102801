"""An administrator connects a platform by registration, without a screen: on the platform's pages and the tool's."""

from __future__ import annotations

import html
import re

import requests

from demo.browser import TIMEOUT, Browser, forms

TOOL_PAGE = re.compile(r'<(?:iframe id="tool" src|a class="button" id="open-tool" href)="([^"]+)"')
STEPS = 2  # "Continue", which a script presses, and "Register"
FIELD = "form"  # in the tool's forms


def begin(browser: Browser, platform_url: str, product: str, address: str) -> str:
    """Enter a tool's registration URL; return where the platform opens the tool's page. Raises LookupError."""
    form = {"product": product, "address": address}
    page = browser.post(f"{platform_url}/tools/connect", data=form, timeout=TIMEOUT)
    found = TOOL_PAGE.search(page.text)
    if found is None:
        raise LookupError(f"the platform does not open the tool's page: status {page.status_code}")
    return html.unescape(found[1])


def register(browser: Browser, tool_page: str) -> requests.Response:
    """Open the tool's page and agree; return the page at which that ends."""
    page = browser.get(tool_page, timeout=TIMEOUT)
    for _ in range(STEPS):
        found = [form for form in forms(page) if FIELD in form.fields]
        if not found:
            break
        page = browser.submit(found[0])
    return page


def activate(browser: Browser, platform_url: str) -> list[str]:
    """Activate the tools that wait; return their client ids."""
    page = browser.get(f"{platform_url}/tools/", timeout=TIMEOUT)
    waiting = [form for form in forms(page) if form.action.endswith("/activate")]
    for form in waiting:
        browser.submit(form)
    return [form.action.split("/")[-2] for form in waiting]
