"""As Moodle: a signed token, refusals in plain text, a deployment id at once; what is asked for, is shared."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Mapping
from typing import Any

import jwt

from demo.platform.config import Tool
from demo.platform.emulator import Platform
from demo.platform.registration.metadata import configuration_of, domain_of, message, scopes_asked, texts
from demo.platform.registration.offers import LIFETIME, Offer
from demo.platform.registration.product import VARIABLES, Ids, Product, Refused, bearer
from demo.platform.tool_jwt import ToolJwtError, check_times
from demo.platform.vocabulary import (
    DEEP_LINKING_REQUEST,
    SCOPE_LINE_ITEM,
    SCOPE_LINE_ITEM_READ,
    SCOPE_MEMBERSHIP,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
    TOOL_CONFIGURATION,
)

SYNC = [SCOPE_SCORE, SCOPE_RESULT_READ, SCOPE_LINE_ITEM_READ]
NEEDED = ("response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri")
NEEDED_TOO = ("token_endpoint_auth_method", TOOL_CONFIGURATION)
ECHOED = ("jwks_uri", "initiate_login_uri", "redirect_uris", "client_name", "logo_uri")


class Moodle(Product):
    """Moodle 4.5."""

    name, label = "moodle", "Moodle-like: in a frame, signed token, waits until it is activated"
    version = "4.5.6 (Build: 20250811)"
    variables = (*VARIABLES, "ResourceLink.id", "ResourceLink.title", "Context.id.history")

    def begin(self, platform: Platform, number: int) -> Ids:
        """The client id is settled before the tool is asked."""
        letters = string.ascii_letters + string.digits
        client_id = "".join(secrets.choice(letters) for _ in range(15))
        return Ids("", client_id, str(number + 1))

    def token(self, platform: Platform, offer: Offer) -> str:
        """A JWT of an hour, whose subject is the client id to be, or the number of the tool that is updated."""
        key, began = platform.keys.current, int(offer.began.timestamp())
        sub, scope = (offer.deployment_id, "reg-update") if offer.replaces else (offer.client_id, "reg")
        claims = {"sub": sub, "scope": scope, "iat": began, "exp": began + int(LIFETIME.total_seconds())}
        return jwt.encode(claims, key.private_key, "RS256", headers={"kid": key.kid})

    def registrant(self, platform: Platform, key: str) -> Offer:
        """By the token's signature and subject."""
        token = bearer()
        if token is None:
            raise Refused(401, "missing_registration_token")
        claims = _claims(platform, token)
        offer = _offer(platform, str(claims.get("sub")), claims.get("scope"))
        if offer is None or offer.product != self.name:
            raise Refused(401, "invalid_token")
        if offer.request is not None:
            raise self.used_up()
        return offer

    def known(self, platform: Platform) -> dict[str, Any]:
        """The tool of LTI 1.1 that is updated, with its key and a hash that holds its secret."""
        offer = self.registrant(platform, "")
        if offer.replaces is None:
            raise Refused(404, "No registration found.")
        key, secret = offer.replaces
        nonce = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(10 + secrets.randbelow(11)))
        proof = {"key": key, "nonce": nonce, "sign": hashlib.sha256(f"{key}{secret}{nonce}".encode()).hexdigest()}
        return {
            "client_name": "Old tool",
            "scope": "",
            TOOL_CONFIGURATION: {
                "version": "LTI-1p0",
                "oauth_consumer": proof,
                "deployment_id": offer.deployment_id,
                "claims": ["sub", "iss"],
            },
        }

    def used_up(self) -> Refused:
        """The client id is taken."""
        return Refused(401, "token_already_used")

    def check(self, platform: Platform, offer: Offer, body: Mapping[str, Any]) -> None:
        """What Moodle insists on, in its order."""
        for name in (*NEEDED, *NEEDED_TOO):
            _require(body, name)
        configuration = configuration_of(body)
        _require(configuration, "domain")
        target = configuration.get("target_link_uri") or f"https://{configuration['domain']}"
        if domain_of(str(configuration["domain"])) != domain_of(str(target)):
            raise Refused(400, "domain_targetlinkuri_mismatch")
        if "id_token" not in texts(body["response_types"]):
            raise Refused(400, "invalid_response_types")
        if not isinstance(body["redirect_uris"], list):
            raise Refused(400, "invalid_redirect_uris")
        if body["token_endpoint_auth_method"] != "private_key_jwt":
            raise Refused(400, "invalid_token_endpoint_auth_method")
        if body.get("application_type") not in (None, "", "web"):
            raise Refused(400, "invalid_application_type")

    def granted(self, body: Mapping[str, Any]) -> list[str]:
        """Moodle has switches for services, not for scopes: one scope brings its neighbours along."""
        asked = scopes_asked(body)
        scopes = [*SYNC] if {*SYNC, SCOPE_LINE_ITEM}.intersection(asked) else []
        return scopes + [scope for scope in (SCOPE_LINE_ITEM, SCOPE_MEMBERSHIP) if scope in asked]

    def answer(self, platform: Platform, offer: Offer, body: Mapping[str, Any], tool: Tool) -> dict[str, Any]:
        """What Moodle keeps of the request, the deployment id among it."""
        asked = configuration_of(body)
        picking = message(body, DEEP_LINKING_REQUEST)
        told = {"type": DEEP_LINKING_REQUEST, "target_link_uri": tool.deep_link_url}
        configuration: dict[str, Any] = {
            "version": "1.3.0",
            "deployment_id": offer.deployment_id,
            "target_link_uri": asked.get("target_link_uri"),
            "domain": domain_of(str(asked["domain"])),
            "description": asked.get("description", ""),
            "claims": ["sub", "iss", *tool.personal_claims],
        }
        configuration |= {"messages": [told]} if picking is not None else {}
        configuration |= {"custom_parameters": dict(tool.custom)} if tool.custom else {}
        return {
            "client_id": offer.client_id,
            "response_types": ["id_token"],
            "grant_types": ["client_credentials", "implicit"],
            "application_type": "web",
            "token_endpoint_auth_method": "private_key_jwt",
            **{name: body[name] for name in ECHOED if name in body},
            "scope": " ".join(tool.scopes),
            TOOL_CONFIGURATION: configuration,
        }


def _offer(platform: Platform, sub: str, scope: object) -> Offer | None:
    """The beginning that a token is about."""
    if scope == "reg":
        return platform.offers.by_client(sub)
    updates = (one for one in platform.offers.all() if one.replaces is not None and scope == "reg-update")
    return next((one for one in updates if one.deployment_id == sub), None)


def _claims(platform: Platform, token: str) -> dict[str, Any]:
    """The claims of a token that this platform signed, and whose hour is not over. Raises Refused."""
    options = {f"verify_{name}": False for name in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        keys = (entry for entry in platform.public_jwks()["keys"] if entry["kid"] == kid)
        key = jwt.PyJWK(next(keys), "RS256")
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
        check_times(claims, platform.now.timestamp())
    except (jwt.PyJWTError, ToolJwtError, StopIteration) as error:
        raise Refused(401, "invalid_token") from error
    return claims


def _require(values: Mapping[str, Any], name: str) -> None:
    if not values.get(name):
        raise Refused(400, f"missing required attribute {name}")
