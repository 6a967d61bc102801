"""As Canvas: one issuer for all schools, unknown scopes are an error, a deployment id only behind a flag."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from flask import request

from demo.platform.config import Tool
from demo.platform.emulator import Platform
from demo.platform.registration.metadata import configuration_of, message, objects, scopes_asked, texts
from demo.platform.registration.offers import Offer
from demo.platform.registration.product import Ids, Product, Refused, bearer
from demo.platform.vocabulary import (
    DEEP_LINKING_REQUEST,
    PLATFORM_CONFIGURATION,
    RESOURCE_LINK_REQUEST,
    SCOPES,
    TOOL_CONFIGURATION,
)

EXTENSION = "https://canvas.instructure.com/lti/"
SELECTION = ("assignment_selection", "link_selection", "module_index_menu_modal", "editor_button")
NAVIGATION = ("account_navigation", "course_navigation", "link_selection", "assignment_selection")
STANDARD = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}
LISTS = {"redirect_uris": (), "response_types": ("id_token",), "grant_types": ("client_credentials", "implicit")}
FIXED = {"application_type": "web", "token_endpoint_auth_method": "private_key_jwt"}
NEEDED = ("initiate_login_uri", "client_name", "jwks_uri")
NEEDED_INSIDE = ("domain", "target_link_uri", "messages", "claims")


class Canvas(Product):
    """Canvas, hosted. ``school_url`` in the configuration puts the school on a host of its own."""

    name, label = "canvas", "Canvas-like: in a frame, token of one use, unknown scopes refused, many schools"
    version = "vCloud"
    more_scopes = ("https://canvas.instructure.com/lti/public_jwk/scope/update",)

    def begin(self, platform: Platform, number: int) -> Ids:
        """Global ids are long numbers; deployments are a number and a digest."""
        client_id = f"1000000{secrets.randbelow(10**7):07}"
        return Ids(secrets.token_urlsafe(48), client_id, f"{number}:{secrets.token_hex(20)}")

    def base(self, platform: Platform) -> str:
        """On the school's own host."""
        return f"{(platform.config.school_url or platform.services_url).rstrip('/')}/registration/{self.name}"

    def query(self, platform: Platform, offer: Offer) -> dict[str, str]:
        """The token is in the configuration's address, too."""
        query = super().query(platform, offer)
        address = f"{query['openid_configuration']}?registration_token={offer.token}"
        return {**query, "openid_configuration": address}

    def reader(self, platform: Platform) -> Offer | None:
        """Nobody reads it without a token."""
        return self._offer(platform)

    def configuration(self, platform: Platform, offer: Offer | None) -> dict[str, Any]:
        """Says which school this is; the authorization server is a bare host."""
        facts = super().configuration(platform, offer)
        facts["authorization_server"] = urlsplit(platform.auth_token_url).netloc
        facts[PLATFORM_CONFIGURATION] |= {
            "notice_types_supported": [],
            EXTENSION + "account_name": platform.config.name,
            EXTENSION + "account_lti_guid": f"{hashlib.sha256(platform.issuer.encode()).hexdigest()[:40]}:canvas-lms",
        }
        return facts

    def messages(self) -> list[dict[str, Any]]:
        """With placements, as Canvas and as the specification name them."""
        resource_link = {"type": RESOURCE_LINK_REQUEST, "placements": [*NAVIGATION, "ContentArea"]}
        return [resource_link, {"type": DEEP_LINKING_REQUEST, "placements": [*SELECTION, *STANDARD]}]

    def registrant(self, platform: Platform, key: str) -> Offer:
        """By the token, once."""
        offer = self._offer(platform)
        if offer.request is not None:
            raise self.used_up()
        return offer

    def used_up(self) -> Refused:
        """The token is gone."""
        return Refused(401, {"errorMessage": "The registration token has been used"})

    def used_badly(self, reason: str) -> Refused:
        """A list of errors."""
        return Refused(422, {"errors": [{"message": reason}]})

    def check(self, platform: Platform, offer: Offer, body: Mapping[str, Any]) -> None:
        """Collect all that is wrong."""
        inside = configuration_of(body)
        wrong = [name for name, needed in LISTS.items() if not {*needed} <= {*texts(body.get(name))} or not body[name]]
        wrong += [name for name, value in FIXED.items() if body.get(name) != value]
        wrong += [name for name in NEEDED if not body.get(name)]
        wrong += [name for name in NEEDED_INSIDE if name not in inside]
        errors = [{"field": name, "message": f"{name} is missing or not as it must be"} for name in wrong]
        known = ("openid", *SCOPES, *self.more_scopes)
        if unknown := [scope for scope in scopes_asked(body) if scope not in known]:
            errors.append({"field": "scopes", "message": f"Invalid scopes: {', '.join(unknown)}"})
        if errors:
            raise Refused(422, {"errors": errors})

    def tool(self, platform: Platform, offer: Offer, body: Mapping[str, Any], scopes: list[str]) -> Tool:
        """Content is chosen only from places that Canvas knows; without any named it is one place."""
        tool = super().tool(platform, offer, body, scopes)
        picking = message(body, DEEP_LINKING_REQUEST)
        places = {*_places(picking)} if picking and "placements" in picking else {"link_selection"}
        services = {**tool.services, "deep_linking": picking is not None and bool(places.intersection(SELECTION))}
        return replace(tool, services=services)

    def answer(self, platform: Platform, offer: Offer, body: Mapping[str, Any], tool: Tool) -> dict[str, Any]:
        """The request again, without what Canvas does not know, and where an administrator finds it."""
        configuration = dict(configuration_of(body))
        configuration["messages"] = [
            {**one, **({"placements": _places(one)} if "placements" in one else {})}
            for one in objects(configuration["messages"])
        ]
        configuration[EXTENSION + "registration_config_url"] = f"{platform.base_url}/tools"
        told = {"client_id": offer.client_id, **body, "scope": " ".join(tool.scopes), TOOL_CONFIGURATION: configuration}
        return told | ({"deployment_id": offer.deployment_id} if offer.told_deployment else {})

    def _offer(self, platform: Platform) -> Offer:
        offer = platform.offers.by_token(bearer() or request.args.get("registration_token", ""), self.name)
        if offer is None or offer.is_over(platform.now):
            raise Refused(401, {"errorMessage": "The registration token is missing, unknown or expired"})
        return offer


def _places(one: Mapping[str, Any]) -> list[str]:
    """Placements by Canvas's own names; those that it does not know are left out."""
    named = (STANDARD.get(name, name).removeprefix(EXTENSION) for name in texts(one.get("placements")))
    return [name for name in dict.fromkeys(named) if name in (*SELECTION, *NAVIGATION)]
