"""A tool as small as the tests need: a key set served on loopback, and a browser's way through a launch."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
import requests

from demo.platform import Link, Platform, Tool
from demo.platform.keys import SigningKey
from demo.platform.vocabulary import ASSERTION_TYPE, DEEP_LINKING, LTI, SCOPES, SCORE_TYPE

CLIENT_ID = "client-1"
REDIRECT_URI = "http://127.0.0.1:1/launch"


@dataclass
class Form:
    """The form of a page that submits itself."""

    action: str
    method: str
    fields: dict[str, str]


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form = Form("", "", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(values["action"], values["method"], {})
        elif tag == "input":
            self.form.fields[values["name"]] = values["value"]


def form_of(page: str) -> Form:
    """The (only) form of a page."""
    parser = _FormParser()
    parser.feed(page)
    return parser.form


@dataclass
class ScratchTool:
    """Talks to one platform under one client_id."""

    jwks_url: str
    key: SigningKey
    published: list[dict[str, str]]
    fetches: list[str] = field(default_factory=list)
    http: requests.Session = field(default_factory=requests.Session)
    client_id: str = CLIENT_ID

    def known_as(self, client_id: str) -> "ScratchTool":
        """The same tool under another client_id."""
        return replace(self, client_id=client_id)

    def registration(self, **changes: Any) -> Tool:
        """How a platform knows this tool."""
        facts = {"client_id": self.client_id, "login_url": "http://127.0.0.1:1/login", "jwks_url": self.jwks_url}
        return Tool(**({**facts, "redirect_uris": [REDIRECT_URI], "title": "Scratch"} | changes))

    def link(self, **changes: Any) -> Link:
        """A link to this tool."""
        facts = {"title": "Quiz", "client_id": self.client_id, "target_link_uri": "http://127.0.0.1:1/quiz"}
        return Link(**(facts | changes))

    def auth_request(self, url: str, **changes: str | None) -> dict[str, str]:
        """Start a launch; the authorization request that a good tool would send, with changes."""
        hints = form_of(self.http.get(url).text).fields
        params: dict[str, str | None] = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "login_hint": hints["login_hint"],
            "lti_message_hint": hints["lti_message_hint"],
            "state": uuid.uuid4().hex,
            "nonce": uuid.uuid4().hex,
            **changes,
        }
        return {name: value for name, value in params.items() if value is not None}

    def launch(self, platform: Platform, url: str) -> dict[str, Any]:
        """A whole launch; the verified claims. Raises jwt.PyJWTError."""
        params = self.auth_request(url)
        answer = form_of(self.http.post(platform.auth_login_url, data=params).text)
        assert answer.fields["state"] == params["state"]
        claims = self.verify(platform, answer.fields["id_token"])
        assert claims["nonce"] == params["nonce"]
        return claims

    def verify(self, platform: Platform, token: str) -> dict[str, Any]:
        """Check an id_token with the platform's key set."""
        keys = jwt.PyJWKSet.from_dict(self.http.get(platform.key_set_url).json())
        key = keys[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, algorithms=["RS256"], audience=self.client_id, issuer=platform.issuer)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A JWT of this tool; a header of None is left out."""
        headers = {"kid": self.key.kid} | header
        payload = json.dumps(claims).encode()  # PyJWT's own encode would refuse some of our wrong claims
        headers = {name: value for name, value in headers.items() if value is not None}
        return jwt.PyJWS().encode(payload, self.key.private_key, "RS256", headers)

    def assertion_claims(self, platform: Platform, **changes: Any) -> dict[str, Any]:
        """Claims of a client assertion; a change of None removes."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": platform.auth_token_url,
            "iat": now,
            "exp": now + 60,
        }
        claims = claims | {"jti": uuid.uuid4().hex} | changes
        return {name: value for name, value in claims.items() if value is not None}

    def ask_token(self, platform: Platform, assertion: str, **changes: str) -> requests.Response:
        """POST to the token endpoint."""
        params = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": " ".join(SCOPES),
        }
        return self.http.post(platform.auth_token_url, data=params | changes)

    def token(self, platform: Platform, *scopes: str) -> str:
        """An access token."""
        assertion = self.sign(self.assertion_claims(platform))
        answer = self.ask_token(platform, assertion, scope=" ".join(scopes or SCOPES))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def post_score(self, url: str, token: str, **changes: Any) -> requests.Response:
        """POST a score to a line item's URL; a change of None removes."""
        path, _, query = url.partition("?")
        body = {
            "userId": "u-1001",
            "timestamp": f"2026-01-01T00:00:00.{time.monotonic_ns() % 10**6:06d}Z",
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": 8,
            "scoreMaximum": 10,
        } | changes
        body = {name: value for name, value in body.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": SCORE_TYPE}
        return self.http.post(f"{path}/scores?{query}", data=json.dumps(body), headers=headers)

    def content_claims(self, platform: Platform, opened: str, *items: Any, **changes: Any) -> dict[str, Any]:
        """Claims of a deep-linking response; changes by the last part of the claim's name, None removes."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.client_id, "aud": platform.issuer, "iat": now, "exp": now + 60}
        claims |= {"nonce": uuid.uuid4().hex, LTI + "deployment_id": "1", LTI + "version": "1.3.0"}
        claims |= {LTI + "message_type": "LtiDeepLinkingResponse", DEEP_LINKING + "data": opened}
        claims[DEEP_LINKING + "content_items"] = list(items)
        for name, value in changes.items():
            claims[next((known for known in claims if known.endswith("/" + name)), name)] = value
        return {name: value for name, value in claims.items() if value is not None}


@contextmanager
def running_tool() -> Iterator[ScratchTool]:
    """A scratch tool whose key set is being served."""
    key = SigningKey.generate()
    published, fetches = [key.public_jwk()], []

    class KeySet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fetches.append(self.path)
            body = json.dumps({"keys": published}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), KeySet)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield ScratchTool(f"http://127.0.0.1:{server.server_port}/jwks", key, published, fetches)
    server.shutdown()
    server.server_close()
