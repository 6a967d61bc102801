"""Pages for the platform's administrator: the tools, and "Connect by registration"."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from demo.platform.answers import Refusal
from demo.platform.config import ConfigError
from demo.platform.emulator import current_platform
from demo.platform.registration.products import PRODUCTS, activate, begin, page_of, remove

blueprint = Blueprint("tools", __name__, url_prefix="/tools")


@blueprint.get("/")
def overview() -> Response:
    """All tools, those that wait first; what came of a registration that was just closed stands above."""
    platform = current_platform()
    offers = platform.offers.all()
    suggested = platform.config.registration_url
    is_used = any(offer.address == suggested and offer.request is not None for offer in offers)
    closed = next((offer for offer in offers if offer.id == request.args.get("closed")), None)
    page = render_template(
        "tools.html",
        tools=sorted(platform.store.tools(), key=lambda tool: tool.active),
        offers={offer.client_id: offer for offer in offers},
        products=PRODUCTS,
        address="" if is_used else suggested,
        closed=closed,
        registered=closed is not None and closed.request is not None,
    )
    return make_response(page, 200, {"Cache-Control": "no-store"})


@blueprint.post("/connect")
def connect() -> Response:
    """Begin with a tool's registration URL."""
    try:
        offer = begin(
            current_platform(),
            request.form.get("product", ""),
            request.form.get("address", ""),
            tells_deployment="tells_deployment" in request.form or None,
        )
    except ConfigError as error:
        raise Refusal(400, f"This does not work: {error}.") from error
    return make_response(redirect(url_for("tools.connecting", offer_id=offer.id), 303))


@blueprint.get("/connect/<offer_id>")
def connecting(offer_id: str) -> Response:
    """The tool's page, in a frame or behind a button, until it says that it is done."""
    platform = current_platform()
    offer = platform.offers.get(offer_id)
    if offer is None:
        raise Refusal(404, "There is no such registration.")
    page = render_template("connect.html", offer=offer, product=PRODUCTS[offer.product], url=page_of(platform, offer))
    return make_response(page, 200, {"Cache-Control": "no-store"})


@blueprint.post("/<client_id>/activate")
def switch_on(client_id: str) -> Response:
    """Let the tool be launched."""
    try:
        activate(current_platform(), client_id)
    except KeyError as error:
        raise Refusal(404, "There is no such tool.") from error
    return make_response(redirect(url_for("tools.overview"), 303))


@blueprint.post("/<client_id>/remove")
def take_away(client_id: str) -> Response:
    """Drop the tool and its links."""
    remove(current_platform(), client_id)
    return make_response(redirect(url_for("tools.overview"), 303))
