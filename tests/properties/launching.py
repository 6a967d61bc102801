"""Launches whose token is changed before or after it is signed, and a look at the tool's answer."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session

from demo.browser import Browser
from tests.connection import COURSE, PROBLEM, SUBSECTION, UNIT, WELCOME, Connection
from tests.traces import refusal, stored

from .oracle import Asked, objections

MAX_PEOPLE = 20
people = itertools.count(1)
SHOWN = frozenset((COURSE, block) for block in (WELCOME, PROBLEM, UNIT, SUBSECTION))


@dataclass
class Sent:
    """A launch as it left the platform, and the tool's answer."""

    header: str
    claims: str
    asked: Asked
    answer: requests.Response

    @property
    def was_let_in(self) -> bool:
        """Whether the browser was sent on to content."""
        return self.answer.status_code == 302


def stored_before() -> dict[str, list[tuple[object, ...]]]:
    """Return what is stored, after making room: comparing must stay quick."""
    if get_user_model().objects.count() > MAX_PEOPLE:
        get_user_model().objects.all().delete()
        Session.objects.all().delete()
    return stored()


def changed_launch(
    connection: Connection,
    claims: Callable[[dict[str, Any]], dict[str, Any]] = lambda members: members,
    header: Callable[[dict[str, Any]], dict[str, Any]] = lambda members: members,
    text: Callable[[str], str] = lambda said: said,
) -> Sent:
    """Launch somebody new with what these functions make of header and claims."""
    seen: dict[str, Any] = {}

    def note(name: str, value: Any) -> Any:
        seen[name] = value
        return value

    def change_claims(members: dict[str, Any]) -> dict[str, Any]:
        seen["nonce"] = members["nonce"]
        return claims({**members, "sub": f"new-{next(people)}"})

    link = connection.link(WELCOME, id=f"{connection.client_id}-link", graded=True)
    connection.platform.tamper_next_launch(
        claims=change_claims,
        headers=lambda members: note("header", header(members)),
        payload=lambda said: note("claims", text(said)),
    )
    browser = Browser()
    form = connection.launch_form(link, browser=browser)
    kids = frozenset(key["kid"] for key in connection.platform.public_jwks()["keys"])
    asked = Asked(connection, seen["nonce"], kids, SHOWN, time.time())
    answer = browser.post(form.action, data=form.fields, allow_redirects=False, timeout=20)
    return Sent(json.dumps(seen["header"]), seen["claims"], asked, answer)


def was_judged_rightly(sent: Sent) -> bool:
    """Check an answer against the specifications."""
    against = objections(sent.header, sent.claims, sent.asked)
    if not sent.was_let_in:
        refusal(sent.answer)
        return True
    assert sent.answer.headers["Location"].startswith(f"/lti/1p3/launch/{COURSE}/")
    assert "sessionid" in sent.answer.cookies
    return against == []
