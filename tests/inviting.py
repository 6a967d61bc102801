"""A platform that registers itself by an invitation: a web server that says what Moodle said, but for what is changed,
and its administrator with a browser."""

from __future__ import annotations

import json
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from demo.browser import Browser, forms
from lti_1p3_provider.onboarding.invitations import Offer, invite
from tests.web_server import Asked, Said, WebServer

CAPTURE = json.loads((Path(__file__).parent / "fixtures/moodle-4.5/dynamic-registration.json").read_text())
CAPTURED_AT = "http://127.0.0.1:8100"  # where that Moodle was
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.registration.signature"
JSON = {"Content-Type": "application/json; charset=utf-8"}
WANTED = ("score", "lineitem", "lineitem.readonly", "result.readonly")
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES = [*(f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in WANTED), MEMBERS]


def said(values: Any, status: int = 200) -> Said:
    """Return an answer in JSON."""
    return Said(json.dumps(values).encode(), status, JSON)


class Registering:
    """A platform. ``configuration`` and ``response`` are what it will say; None in them leaves a value out."""

    def __init__(self, server: WebServer) -> None:
        self.server = server
        self.base = server.says(Said()).rpartition("/")[0]
        text = json.dumps(CAPTURE["openid_configuration"]["body"]).replace(CAPTURED_AT, self.base)
        self.configuration: dict[str, Any] = json.loads(text)
        self.response: dict[str, Any] = dict(CAPTURE["registration_response"]["body"])
        self.browser = Browser()

    @property
    def host(self) -> str:
        """Its host and port."""
        return self.base.partition("://")[2]

    @property
    def posted(self) -> list[Asked]:
        """The registration requests that it got."""
        return [one for one in self.server.asked if one.method == "POST"]

    @property
    def asked_for(self) -> dict[str, Any]:
        """The one registration request."""
        (one,) = self.posted
        return json.loads(one.body)

    def invite(self, **values: Any) -> str:
        """Return the address of an invitation."""
        return invite(Offer(**{"name": "Riverside Moodle", **values}))[1]

    def open(self, url: str, token: str = TOKEN, address: str = "") -> requests.Response:
        """Open an invitation as the platform does, in a frame without cookies; ask the platform nothing yet."""
        named = {"openid_configuration": address or f"{self.base}/openid-configuration"}
        named |= {"registration_token": token} if token else {}
        return self.browser.get(f"{url}?{urlencode(named)}", headers={"Sec-Fetch-Dest": "iframe"}, timeout=20)

    def go_on(self, page: requests.Response) -> requests.Response:
        """Press the page's one button."""
        return self.browser.submit(forms(page)[0])

    def look(self, url: str, answer: Said | None = None, **opened: Any) -> requests.Response:
        """Open an invitation and go on to the page that says what is asked for. ``answer``: to the registration."""
        self.will_say(said(_without_none(self.configuration)), answer or said(_without_none(self.response)))
        return self.go_on(self.open(url, **opened))

    def register(self, url: str, answer: Said | None = None, **opened: Any) -> requests.Response:
        """Go the whole way."""
        return self.go_on(self.look(url, answer, **opened))

    def saying(self, changes: dict[str, Any]) -> Registering:
        """Return the same platform with another configuration."""
        other = copy(self)
        other.configuration = {**self.configuration, **changes}
        return other

    def will_say(self, *answers: Said) -> None:
        """Answer like this, one after another."""
        self.server.says_in_turn(*answers)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
