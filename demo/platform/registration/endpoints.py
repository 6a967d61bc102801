"""Where tools read the configuration and register, and the faults that can be switched on there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, make_response, request

from demo.platform.answers import Refusal
from demo.platform.emulator import current_platform
from demo.platform.faults import Faults
from demo.platform.registration.offers import Attempt
from demo.platform.registration.product import Product, Refused
from demo.platform.registration.products import PRODUCTS

blueprint = Blueprint("registration", __name__, url_prefix="/registration/<product>")
FOREIGN = "https://elsewhere.example"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


@blueprint.get("/openid-configuration")
def configuration(product: str) -> Response:
    """What this platform is, for a tool that is about to register."""
    platform, kind = current_platform(), _product(product)
    facts = kind.configuration(platform, kind.reader(platform))
    return _json(_spoilt(platform.faults, facts))


@blueprint.get("/register")
def known(product: str) -> Response:
    """What the platform knows of the tool that is about to register."""
    return _json(_product(product).known(current_platform()))


@blueprint.post("/register")
@blueprint.post("/register/<key>")
def register(product: str, key: str = "") -> Response:
    """Make a client of the tool that sends its metadata. It waits for an administrator."""
    platform, kind = current_platform(), _product(product)
    offer = kind.registrant(platform, key)
    body = kind.body()
    kind.check(platform, offer, body)
    scopes = kind.granted(body)
    fewer = platform.faults.take("fewer_scopes", "registration")
    if fewer:
        scopes = [scope for scope in scopes if scope.endswith(".readonly")]
    tool = kind.tool(platform, offer, body, scopes)
    if not platform.offers.use(offer.id, body):
        raise kind.used_up()
    platform.add_tool(tool)
    said = kind.answer(platform, replace(offer, request=body), body, tool)
    if fewer:
        said["scope"] = " ".join(scopes)
    if platform.faults.take("no_client_id", "registration"):
        said.pop("client_id")
    return _json(said, kind.status)


@blueprint.errorhandler(Refused)
def refused(refusal: Refused) -> Response:
    """As the product words it."""
    if isinstance(refusal.body, dict):
        return _json(refusal.body, refusal.status)
    return make_response(refusal.body, refusal.status, {"Content-Type": "text/plain; charset=utf-8"})


@blueprint.after_request
def record(answer: Response) -> Response:
    """Keep what was sent to the registration endpoint, whatever came of it."""
    if request.endpoint == "registration.register":
        current_platform().offers.attempts.append(
            Attempt(
                product=str((request.view_args or {}).get("product")),
                status=answer.status_code,
                authorized="Authorization" in request.headers,
                body=request.get_data(),
                answer=answer.get_data(as_text=True),
            )
        )
    return answer


def _product(name: str) -> Product:
    if name not in PRODUCTS:
        raise Refusal(404, "There is no such product.")
    return PRODUCTS[name]


def _spoilt(faults: Faults, facts: dict[str, Any]) -> dict[str, Any]:
    """A configuration that leads elsewhere, if that is switched on."""
    if faults.take("foreign_issuer", "configuration"):
        facts = {**facts, "issuer": FOREIGN}
    if faults.take("foreign_endpoints", "configuration"):
        facts = {**facts, **{name: f"{FOREIGN}/{name}" for name in ENDPOINTS}}
    return facts


def _json(body: object, status: int = 200) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return make_response(json.dumps(body, indent=1), status, headers)
