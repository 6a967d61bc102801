"""A tool that registers: as small as the tests of registration servers need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from demo.platform import Platform
from demo.platform.registration.offers import Offer
from demo.platform.registration.products import PRODUCTS, begin, page_of
from demo.platform.vocabulary import PLATFORM_CONFIGURATION, SCOPES, TOOL_CONFIGURATION

from .scratch_tool import REDIRECT_URI, ScratchTool

TARGET = "http://127.0.0.1:1/launch"


def metadata(tool: ScratchTool, **changes: Any) -> dict[str, Any]:
    """What a good tool says of itself, with changes; None removes, ``tool__x`` is inside the tool configuration."""
    body: dict[str, Any] = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": "http://127.0.0.1:1/login",
        "redirect_uris": [REDIRECT_URI],
        "client_name": "Scratch",
        "jwks_uri": tool.jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        TOOL_CONFIGURATION: {
            "domain": "127.0.0.1:1",
            "target_link_uri": TARGET,
            "claims": ["iss", "sub", "name", "email"],
            "custom_parameters": {"context_history": "$Context.id.history", "flavour": "$Canvas.nothing"},
            "messages": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": f"{TARGET}/choose", "placements": ["ContentArea"]},
            ],
        },
    }
    for name, value in changes.items():
        place = body[TOOL_CONFIGURATION] if name.startswith("tool__") else body
        place[name.removeprefix("tool__")] = value
        if value is None:
            del place[name.removeprefix("tool__")]
    return body


@dataclass
class Registering:
    """One registration, step by step. What a step does not name, the one before told."""

    platform: Platform
    tool: ScratchTool
    offer: Offer
    http: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def begun(cls, platform: Platform, tool: ScratchTool, product: str, **options: Any) -> Registering:
        """Begin as an administrator does."""
        return cls(platform, tool, begin(platform, product, "http://127.0.0.1:1/register/secret/?a=b", **options))

    @property
    def told(self) -> dict[str, str]:
        """What the address of the tool's page carries."""
        return {
            name: values[0] for name, values in parse_qs(urlsplit(page_of(self.platform, self.offer)).query).items()
        }

    def read(self) -> requests.Response:
        """Read the configuration."""
        return self.http.get(self.told["openid_configuration"], headers=self.authorization(), allow_redirects=False)

    def authorization(self) -> dict[str, str]:
        """The header for the token, if there is one."""
        token = self.told.get("registration_token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    def endpoint(self) -> str:
        """The registration endpoint, without a reading that counts."""
        facts = PRODUCTS[self.offer.product].configuration(self.platform, self.offer)
        return str(facts["registration_endpoint"])

    def send(self, body: Any = None, *, headers: dict[str, str] | None = None, endpoint: str = "") -> requests.Response:
        """Register."""
        said = metadata(self.tool) if body is None else body
        headers = self.authorization() if headers is None else headers
        return self.http.post(endpoint or self.endpoint(), json=said, headers=headers, allow_redirects=False)


def account_of(facts: dict[str, Any]) -> str:
    """The school's name in a configuration."""
    return str(facts[PLATFORM_CONFIGURATION]["https://canvas.instructure.com/lti/account_name"])
