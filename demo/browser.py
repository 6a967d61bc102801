"""A browser without a screen: cookies, redirects, and forms that submit themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, ClassVar
from urllib.parse import urljoin

import requests

MAX_FORMS = 6
TIMEOUT = 20  # seconds


@dataclass
class Form:
    """A form of a page, with its filled fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Browser(requests.Session):
    """Launches as a person does, by following what the platform's pages tell a browser to do.

    ``near``: what is asked without a socket, by origin; it is called with the browser and what ``send`` is called with.
    """

    near: ClassVar[dict[str, Callable[..., requests.Response]]] = {}

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # no proxy, no password of the environment; to look for them takes as long as to launch

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request."""
        origin = "/".join(str(request.url).split("/", 3)[:3])
        if near := self.near.get(origin):
            return near(self, request, **kwargs)
        return super().send(request, **kwargs)

    def open(self, url: str) -> requests.Response:
        """Get ``url`` and go on through self-submitting forms; return the page that a person would see."""
        return self.follow(self.get(url, timeout=TIMEOUT))

    def follow(self, page: requests.Response) -> requests.Response:
        """Submit the page's form while it is one that submits itself."""
        for _ in range(MAX_FORMS):
            if "submit()" not in page.text or not (found := forms(page)):
                return page
            page = self.submit(found[0])
        raise RuntimeError("the pages go on sending the browser around")

    def submit(self, form: Form) -> requests.Response:
        """Send a form as it is filled."""
        if form.method == "get":
            return self.get(form.action, params=form.fields, timeout=TIMEOUT)
        return self.post(form.action, data=form.fields, timeout=TIMEOUT)


def forms(page: requests.Response) -> list[Form]:
    """Return the forms of a page, with absolute addresses."""
    parser = _Forms()
    parser.feed(page.text)
    for form in parser.found:
        form.action = urljoin(page.url, form.action)
    return parser.found


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(said.get("action", ""), said.get("method", "get").lower()))
        elif tag == "input" and self.found and said.get("name"):
            chosen = said.get("type") not in ("radio", "checkbox") or "checked" in said
            if chosen:
                self.found[-1].fields[said["name"]] = said.get("value", "")
