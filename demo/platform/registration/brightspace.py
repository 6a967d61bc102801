"""As Brightspace: a tab, a configuration that can be read once, no token, one registration for a domain."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import request

from demo.platform.config import Tool
from demo.platform.emulator import Platform
from demo.platform.registration.metadata import configuration_of, domain_of, texts
from demo.platform.registration.offers import Offer
from demo.platform.registration.product import Ids, Product, Refused
from demo.platform.vocabulary import DEEP_LINKING_REQUEST, RESOURCE_LINK_REQUEST, TOOL_CONFIGURATION

NEEDED = ("client_name", "initiate_login_uri", "jwks_uri", "redirect_uris")
LOOPBACK = ("127.0.0.1", "localhost")
DUPLICATE, UNUSABLE = "already_registered", "invalid_client_metadata"


class Brightspace(Product):
    """Its answer's shape is not known from outside; this one has what the specification asks for."""

    name, label = "brightspace", "Brightspace-like: in a tab, configuration read once, no token, off at first"
    version, family = "20.25.8", "desire2learn"
    in_frame = False
    status = 201

    def begin(self, platform: Platform, number: int) -> Ids:
        """UUIDs."""
        return Ids(secrets.token_urlsafe(32), str(uuid.uuid4()), str(uuid.uuid4()))

    def query(self, platform: Platform, offer: Offer) -> dict[str, str]:
        """One address, which is a secret, and no token."""
        return {"openid_configuration": f"{self.base(platform)}/openid-configuration?ticket={offer.token}"}

    def reader(self, platform: Platform) -> Offer | None:
        """The first who comes within the hour."""
        offer = self._offer(platform)
        if platform.offers.read(offer.id):
            raise Refused(404, {"error": "not_found", "error_description": "This address has been used."})
        return offer

    def configuration(self, platform: Platform, offer: Offer | None) -> dict[str, Any]:
        """The registration endpoint has the secret, too; assertions are for an address that is not the token's."""
        facts = super().configuration(platform, offer)
        facts["authorization_server"] = _audience(platform)
        facts["registration_endpoint"] += f"?ticket={offer.token}" if offer else ""
        return facts

    def messages(self) -> list[dict[str, Any]]:
        """Without placements."""
        return [{"type": RESOURCE_LINK_REQUEST}, {"type": DEEP_LINKING_REQUEST}]

    def registrant(self, platform: Platform, key: str) -> Offer:
        """By the address alone: a header Authorization is taken for an attempt at something else."""
        if "Authorization" in request.headers:
            raise Refused(401, {"error": "invalid_token", "error_description": "No token was given to you."})
        offer = self._offer(platform)
        if offer.request is not None:
            raise self.used_up()
        return offer

    def used_up(self) -> Refused:
        """As if it had never been."""
        return Refused(404, {"error": "not_found", "error_description": "This address has been used."})

    def check(self, platform: Platform, offer: Offer, body: Mapping[str, Any]) -> None:
        """https, a name and a domain of its own, and keys that can be read now."""
        wrong = [name for name in NEEDED if not body.get(name)]
        addresses = [body.get("initiate_login_uri"), body.get("jwks_uri"), *texts(body.get("redirect_uris"))]
        if wrong or not configuration_of(body).get("domain"):
            raise self.used_badly(f"missing: {', '.join(wrong or ['domain'])}")
        if not all(_is_safe(str(address)) for address in addresses):
            raise self.used_badly("addresses must begin with https")
        if any(_collides(body, other) for other in self._others(platform)):
            reason = "A tool of this name or domain is registered."
            raise Refused(409, {"error": DUPLICATE, "error_description": reason})
        if not platform.tool_keys.answers(str(body["jwks_uri"])):
            raise self.used_badly("no keys at jwks_uri")

    def used_badly(self, reason: str) -> Refused:
        """RFC 7591's words."""
        return Refused(400, {"error": UNUSABLE, "error_description": reason})

    def tool(self, platform: Platform, offer: Offer, body: Mapping[str, Any], scopes: list[str]) -> Tool:
        """Its assertions are for another audience than the token URL."""
        return replace(super().tool(platform, offer, body, scopes), audience=_audience(platform))

    def answer(self, platform: Platform, offer: Offer, body: Mapping[str, Any], tool: Tool) -> dict[str, Any]:
        """The deployment comes later, unless it was made along with it."""
        configuration = dict(configuration_of(body))
        configuration |= {"deployment_id": offer.deployment_id} if offer.told_deployment else {}
        return {
            **body,
            "client_id": offer.client_id,
            "scope": " ".join(tool.scopes),
            TOOL_CONFIGURATION: configuration,
        }

    def _offer(self, platform: Platform) -> Offer:
        offer = platform.offers.by_token(request.args.get("ticket", ""), self.name)
        if offer is None or offer.is_over(platform.now):
            raise Refused(404, {"error": "not_found", "error_description": "There is no such address."})
        return offer

    def _others(self, platform: Platform) -> list[Mapping[str, Any]]:
        return [offer.request for offer in platform.offers.all() if offer.product == self.name and offer.request]


def _audience(platform: Platform) -> str:
    return f"{platform.services_url}/registration/brightspace/audience"


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _collides(body: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    domains = [domain_of(str(configuration_of(one)["domain"])) for one in (body, other)]
    return domains[0] == domains[1] or body["client_name"] == other["client_name"]
