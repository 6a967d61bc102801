"""As Sakai: the tool's row is there first and its number is in the addresses; the answer is the request again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from flask import request

from demo.platform import strict_json
from demo.platform.config import Tool
from demo.platform.emulator import Platform
from demo.platform.registration.metadata import configuration_of
from demo.platform.registration.offers import Offer
from demo.platform.registration.product import Ids, Product, Refused, bearer
from demo.platform.vocabulary import TOOL_CONFIGURATION

MAX_BODY = 300_000


class Sakai(Product):
    """Sakai 23, "LTI Advantage auto provision"."""

    name, label = "sakai", "Sakai-like: in a frame, addresses with the tool's number, refusals without words"
    version = "23.4"
    variables = ()

    def begin(self, platform: Platform, number: int) -> Ids:
        """A token that says when it was made; one deployment for all."""
        made = int(platform.now.timestamp())
        return Ids(f"{made}:{secrets.token_hex(20)}", secrets.token_hex(8), "1")

    def query(self, platform: Platform, offer: Offer) -> dict[str, str]:
        """The configuration is of this tool."""
        query = super().query(platform, offer)
        return {**query, "openid_configuration": f"{query['openid_configuration']}?key={offer.number}"}

    def reader(self, platform: Platform) -> Offer | None:
        """The tool of this number."""
        return self._numbered(platform, request.args.get("key", ""))

    def configuration(self, platform: Platform, offer: Offer | None) -> dict[str, Any]:
        """The registration endpoint ends in the number."""
        facts = super().configuration(platform, offer)
        facts["registration_endpoint"] += f"/{offer.number}" if offer else ""
        return facts

    def registrant(self, platform: Platform, key: str) -> Offer:
        """By number and token. A token that is not the tool's gets an empty refusal."""
        token = bearer()
        if not token:
            raise Refused(400, "invalid_authorization")
        offer = self._numbered(platform, key)
        if not secrets.compare_digest(offer.token, token) or offer.is_over(platform.now):
            raise Refused(403, "")
        if offer.request is not None:
            raise self.used_up()
        return offer

    def used_up(self) -> Refused:
        """Not a word."""
        return Refused(403, "")

    def body(self) -> dict[str, Any]:
        """Not too long, and an object."""
        if len(request.get_data()) > MAX_BODY:
            raise Refused(400, "JSON too long ( > 300K")
        try:
            body = strict_json.loads(request.get_data())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise Refused(400, "Badly formatted JSON")
        return body

    def check(self, platform: Platform, offer: Offer, body: Mapping[str, Any]) -> None:
        """Three fields, and no more."""
        is_text = all(isinstance(body.get(name), str) for name in ("initiate_login_uri", "jwks_uri"))
        if not is_text or not isinstance(body.get("redirect_uris"), list):
            raise Refused(400, "Missing initiate_login_uri, jwks_uri, redirect_uris")

    def answer(self, platform: Platform, offer: Offer, body: Mapping[str, Any], tool: Tool) -> dict[str, Any]:
        """All that came, scopes that it does not have included, and the ids."""
        configuration = {**configuration_of(body), "deployment_id": offer.deployment_id}
        inside = {TOOL_CONFIGURATION: configuration} if TOOL_CONFIGURATION in body else {}
        return {**body, "client_id": offer.client_id, **inside}

    def _numbered(self, platform: Platform, key: str) -> Offer:
        offers = [offer for offer in platform.offers.all() if offer.product == self.name]
        found = next((offer for offer in offers if str(offer.number) == key), None)
        if found is None:
            raise Refused(400, "Missing tool")
        return found
