"""A tenant of ours: a platform that this script plays whole, with keys of its own, as hostile as an attack wants it.

It is registered by the product's own command, signs its launches rightly, and its learners earn real scores.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import requests

from demo.attack.server import Asked, Server, reply
from demo.attack.site import PROBLEM, TIMEOUT, Site, Visit
from demo.browser import Browser
from demo.platform.keys import KeyRing
from demo.platform.vocabulary import AGS_ENDPOINT, AGS_SCOPES, INSTRUCTOR, LEARNER, LTI, RESOURCE_LINK_REQUEST
from demo.stack import DemoError

KEYS = KeyRing()  # one for all: they take long to make
LIFETIME = 60  # seconds of an id_token


class Tenant:
    """A registration of its own. Everything of it is below ``/<name>`` of its server: ``jwks``, ``token``, and columns
    below ``columns``, which take scores until an attack says otherwise."""

    def __init__(self, site: Site, server: Server, name: str) -> None:
        self.site, self.server, self.name = site, server, name
        self.prefix = f"/{name}"
        self.url = f"{server.url}/{name}"
        server.routes |= {
            f"{self.prefix}/jwks": lambda asked: reply(KEYS.public_jwks()),
            f"{self.prefix}/token": lambda asked: reply({"access_token": "x", "expires_in": 3600}),
            f"{self.prefix}/columns": lambda asked: reply(),
        }

    def register(
        self,
        deployments: Iterable[str] = ("1",),
        block: str = "",
        other_hosts: Iterable[str] = (),
        key_set_url: str = "",
    ) -> Tenant:
        """Register, with a launch gate for the demo's organization or for one ``block``; return itself."""
        said = self.site.console.run(
            *("lti_1p3_register", "--json", f"--title={self.name}", f"--issuer={self.url}", f"--client-id={self.name}"),
            *("--deployment-id", *deployments),
            f"--auth-login-url={self.url}/auth",
            f"--auth-token-url={self.url}/token",
            f"--key-set-url={key_set_url or f'{self.url}/jwks'}",
            f"--allow-block={block}" if block else "--allow-org=DemoX",
            *(f"--other-host={host}" for host in other_hosts),
        )
        json.loads(said)
        return self

    def columns(self, name: str, server: Server | None = None) -> str:
        """Return the address of a column, perhaps at another server, with its path in this tenant's."""
        return f"{(server or self.server).url}{self.prefix}/columns/{name}"

    def launch(
        self,
        person: str,
        link: str,
        *,
        target: str = "",
        deployment: str = "1",
        grading: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        kid: str = "",
    ) -> Visit:
        """Launch as somebody, in a browser of their own. ``grading``: members of the AGS claim; else the link's column.

        ``claims`` replace others; ``kid``: what the header names in place of the key that signed.
        """
        browser = Browser()
        state, nonce = self._login(browser, person, target)
        values = self._claims(person, link, target, deployment)
        scopes = {"scope": list(AGS_SCOPES)}
        values[AGS_ENDPOINT] = {**scopes, **(grading or {"lineitem": self.columns(link)})}
        token = self.signed({**values, "nonce": nonce, **(claims or {})}, kid)
        page = browser.post(
            self.site.stack.facts["redirect_uri"], data={"id_token": token, "state": state}, timeout=TIMEOUT
        )
        return Visit(browser, page)

    def signed(self, claims: dict[str, Any], kid: str = "") -> str:
        """Return an id_token."""
        key = KEYS.current
        return jwt.encode(claims, key.private_key, "RS256", headers={"kid": kid or key.kid})

    def posts(self, name: str = "", server: Server | None = None) -> list[Asked]:
        """Return the scores that came to a column, or to all of them."""
        return (server or self.server).asked_below(f"{self.prefix}/columns/{name}", "POST", "/scores")

    def full_scores(self, name: str = "", server: Server | None = None) -> int:
        """Return how many people have a score above zero in columns that begin like this."""
        said = [(one.path, one.json()) for one in self.posts(name, server)]
        return len({(path, body["userId"]) for path, body in said if body.get("scoreGiven", 0) > 0})

    def _login(self, browser: Browser, person: str, target: str) -> tuple[str, str]:
        """Begin a login; return the state and nonce with which the LMS sends the browser to us."""
        values = {"iss": self.url, "client_id": self.name, "login_hint": person}
        values["target_link_uri"] = target or self.site.target(PROBLEM)
        url = self.site.stack.facts["login_url"]
        said: requests.Response = browser.post(url, data=values, allow_redirects=False, timeout=TIMEOUT)
        query = parse_qs(urlsplit(said.headers.get("Location", "")).query)
        if not query.get("state"):
            raise DemoError(f"a login of {self.name} was answered with status {said.status_code}")
        return query["state"][0], query["nonce"][0]

    def _claims(self, person: str, link: str, target: str, deployment: str) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": self.name,
            "sub": person,
            "iat": now,
            "exp": now + LIFETIME,
            LTI + "message_type": RESOURCE_LINK_REQUEST,
            LTI + "version": "1.3.0",
            LTI + "deployment_id": deployment,
            LTI + "target_link_uri": target or self.site.target(PROBLEM),
            LTI + "roles": [INSTRUCTOR if person.startswith("teacher") else LEARNER],
            LTI + "resource_link": {"id": link, "title": link},
            LTI + "context": {"id": f"context of {link}", "title": link},
        }
