"""An instructor who chooses content in our page, as a browser without scripts does."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from demo.browser import Browser
from demo.platform.dialogs import Dialog
from tests.connection import COURSE, INSTRUCTOR, Connection

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = f"{DL}deep_linking_settings"
TIMEOUT = 20


class _Form(HTMLParser):
    """The page's one form: what it sends whichever button is pressed, and its buttons."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.fields = "", list[tuple[str, str]]()
        self.buttons: list[tuple[str, str, str]] = []
        self.offered: dict[str, str] = {}  # usage keys, and the kind of their boxes
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = said["action"]
        elif tag == "input":
            if said.get("name") == "pick":
                self.offered[said["value"]] = said["type"]
            if said.get("type") not in ("radio", "checkbox") or "checked" in said:
                self.fields.append((said["name"], said["value"]))
        elif tag == "button":
            self.buttons.append((said.get("name", ""), said.get("value", ""), said.get("formaction", "")))
        elif tag == "select":
            self._select = said["name"]
        elif tag == "option" and "selected" in said:
            self.fields.append((self._select, said["value"]))


@dataclass
class Picker:
    """A page of ours in an instructor's browser."""

    connection: Connection
    page: requests.Response
    browser: Browser = field(default_factory=Browser)
    _read: tuple[requests.Response, _Form] | None = None

    @property
    def form(self) -> _Form:
        """The page's form."""
        if self._read is None or self._read[0] is not self.page:
            self._read = self.page, _Form(self.page.text)
        return self._read[1]

    @property
    def token(self) -> str:
        """What proves that the page is ours."""
        return dict(self.form.fields)["token"]

    @property
    def chosen(self) -> list[str]:
        """The choice that the page carries."""
        return dict(self.form.fields)["chosen"].split()

    @property
    def offered(self) -> dict[str, str]:
        """The blocks that can be ticked here."""
        return self.form.offered

    def press(self, name: str = "", value: str = "", *, tick: tuple[str, ...] = (), **typed: str) -> requests.Response:
        """Tick, type, press a button; follow what submits itself."""
        form = self.form
        named = (one[2] for one in form.buttons if name and one[:2] == (name, value) and one[2])
        action = next(named, form.action)
        fields = [(one, text) for one, text in form.fields if one not in typed]
        if tick and "radio" in form.offered.values():
            fields = [one for one in fields if one[0] != "pick"]
        fields += [*typed.items(), *(("pick", one) for one in tick), *([(name, value)] if name else [])]
        sent = self.browser.post(urljoin(self.page.url, action), data=fields, timeout=TIMEOUT)
        self.page = self.browser.follow(sent)
        return self.page

    def go(self, course: str = COURSE) -> Picker:
        """Open a course."""
        assert self.press("go", course).status_code == 200
        return self

    def open(self, *usage_keys: str) -> Picker:
        """Unfold blocks."""
        for key in usage_keys:
            assert self.press("toggle", key).status_code == 200
        return self

    def send(self, *tick: str) -> requests.Response:
        """Tick and add to the platform's course."""
        form = self.form
        address = next(one[2] for one in form.buttons if one[0] == "" and one[2])
        fields = [one for one in form.fields if not (tick and one[0] == "pick" and "radio" in form.offered.values())]
        fields += [("pick", one) for one in tick]
        sent = self.browser.post(urljoin(self.page.url, address), data=fields, timeout=TIMEOUT)
        self.page = self.browser.follow(sent)
        return self.page

    def post(self, path: str, **fields: Any) -> requests.Response:
        """Send just these fields to one of the page's addresses; follow nothing."""
        url = f"{self.connection.lms}/lti/1p3/deep-linking/{path}/"
        return self.browser.post(url, data=fields, timeout=TIMEOUT)


def begin(connection: Connection, person: str = INSTRUCTOR, dialog: Dialog | None = None, **settings: Any) -> Picker:
    """Choose "Add content" in the platform's course; ``settings`` differ from what the dialog asks for."""
    if settings:
        connection.platform.change_next_selection(**settings)
    browser = Browser()
    url = connection.platform.deep_link_url(person, connection.client_id, dialog or Dialog())
    return Picker(connection, browser.open(url), browser)


def begin_with(connection: Connection, changed: Any, **dialog: str) -> Picker:
    """Ask for content with changed claims."""
    connection.platform.tamper_next_launch(claims=changed)
    return begin(connection, dialog=Dialog(**dialog))


def with_settings(connection: Connection, **settings: Any) -> Picker:
    """Ask with settings that the platform knows nothing of; None leaves one out."""

    def changed(claims: dict[str, Any]) -> dict[str, Any]:
        said = {**claims[SETTINGS], **settings}
        return {**claims, SETTINGS: {name: value for name, value in said.items() if value is not None}}

    return begin_with(connection, changed)


def items_of(connection: Connection) -> list[dict[str, Any]]:
    """Return the items of the answer that the platform took last."""
    items: list[dict[str, Any]] = connection.platform.selections[-1].claims[f"{DL}content_items"]
    return items
