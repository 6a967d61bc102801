"""What the script of a content page asks for."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urljoin

import requests

from demo.browser import Browser


def feature(page: requests.Response, name: str) -> dict | None:
    """Return the argument of one of the script's features."""
    found = re.search(rf'data-{name}="([^"]*)"', page.text)
    return json.loads(html.unescape(found[1])) if found else None


def ask(browser: Browser, page: requests.Response) -> requests.Response:
    """Ask as the script of the page does."""
    return browser.get(urljoin(page.url, feature(page, "reconnect")["address"]), timeout=5)
