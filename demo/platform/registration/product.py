"""What the four products have in common: the way from a beginning to a tool that waits, and where they may differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request

from demo.platform import strict_json
from demo.platform.config import ConfigError, Tool
from demo.platform.configuration import openid_configuration
from demo.platform.emulator import Platform
from demo.platform.registration.metadata import as_tool, scopes_asked
from demo.platform.registration.offers import Offer
from demo.platform.vocabulary import DEEP_LINKING_REQUEST, PLATFORM_CONFIGURATION, RESOURCE_LINK_REQUEST, SCOPES

BEARER = "Bearer "
HISTORY = ("ResourceLink.id.history", "Context.id.history")
VARIABLES = ("User.id", "Person.name.full", "Person.email.primary", "Context.id", "Context.title", "Context.label")


class Refused(Exception):
    """The product refuses, with a status and a body of its own kind: a text, or JSON."""

    def __init__(self, status: int, body: str | dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


@dataclass(frozen=True)
class Ids:
    """The secret of a beginning, and what the tool will be called."""

    token: str
    client_id: str
    deployment_id: str


class Product:
    """One product. Subclasses say what they refuse and how they answer."""

    name: ClassVar[str]
    label: ClassVar[str]
    version: ClassVar[str]
    family: ClassVar[str] = ""
    """What its configuration calls it, if not by our name."""
    in_frame: ClassVar[bool] = True
    """Whether the tool's page is opened in a frame; else in a tab of its own."""
    status: ClassVar[int] = 200
    variables: ClassVar[tuple[str, ...]] = (*VARIABLES, *HISTORY)
    more_scopes: ClassVar[tuple[str, ...]] = ()

    def begin(self, platform: Platform, number: int) -> Ids:
        """What a new beginning gets; ``number`` is its own."""
        raise NotImplementedError

    def query(self, platform: Platform, offer: Offer) -> dict[str, str]:
        """What the address of the tool's page gets (LTI Dynamic Registration 1.0, 3.1)."""
        return {
            "openid_configuration": f"{self.base(platform)}/openid-configuration",
            "registration_token": self.token(platform, offer),
        }

    def token(self, platform: Platform, offer: Offer) -> str:
        """The registration token."""
        return offer.token

    def base(self, platform: Platform) -> str:
        """Where configuration and registration endpoint are."""
        return f"{platform.services_url}/registration/{self.name}"

    def reader(self, platform: Platform) -> Offer | None:
        """The beginning in whose name this request reads the configuration. Raises Refused."""
        return None

    def configuration(self, platform: Platform, offer: Offer | None) -> dict[str, Any]:
        """What the tool reads first."""
        facts = openid_configuration(platform)
        facts["registration_endpoint"] = f"{self.base(platform)}/register"
        facts["scopes_supported"] = [*facts["scopes_supported"], *self.more_scopes]
        facts[PLATFORM_CONFIGURATION] |= {
            "product_family_code": self.family or self.name,
            "version": self.version,
            "messages_supported": self.messages(),
            "variables": list(self.variables),
        }
        return facts

    def messages(self) -> list[dict[str, Any]]:
        """The messages that it sends, and from where."""
        return [{"type": RESOURCE_LINK_REQUEST}, {"type": DEEP_LINKING_REQUEST, "placements": ["ContentArea"]}]

    def registrant(self, platform: Platform, key: str) -> Offer:
        """The beginning in whose name this request registers; ``key`` is the end of the path. Raises Refused."""
        raise NotImplementedError

    def known(self, platform: Platform) -> dict[str, Any]:
        """What is known of a tool before it registers. Raises Refused."""
        raise Refused(405, "Method Not Allowed")

    def body(self) -> dict[str, Any]:
        """What the tool says of itself. Raises Refused."""
        try:
            body = strict_json.loads(request.get_data())
        except ValueError:
            body = None
        return body if isinstance(body, dict) else {}

    def check(self, platform: Platform, offer: Offer, body: Mapping[str, Any]) -> None:
        """Refuse what this product refuses. Raises Refused."""

    def granted(self, body: Mapping[str, Any]) -> list[str]:
        """The scopes that the tool gets of those that it asks for."""
        return [scope for scope in scopes_asked(body) if scope in (*SCOPES, *self.more_scopes)]

    def tool(self, platform: Platform, offer: Offer, body: Mapping[str, Any], scopes: list[str]) -> Tool:
        """The tool as a client. Raises Refused."""
        try:
            return as_tool(offer, body, scopes)
        except (ConfigError, LookupError) as error:
            raise self.used_badly(str(error)) from error

    def used_badly(self, reason: str) -> Refused:
        """The refusal of a request that cannot be read."""
        return Refused(400, reason)

    def used_up(self) -> Refused:
        """The refusal of a second registration with the same secret."""
        raise NotImplementedError

    def answer(self, platform: Platform, offer: Offer, body: Mapping[str, Any], tool: Tool) -> dict[str, Any]:
        """What the tool is told (LTI Dynamic Registration 1.0, 3.2)."""
        raise NotImplementedError


def bearer() -> str | None:
    """The bearer token of this request; None without one."""
    header = request.headers.get("Authorization", "")
    return header.removeprefix(BEARER).strip() if header.startswith(BEARER) else None
