"""All products, and the way through one of them: from a person's wish to a client that is active."""

from __future__ import annotations

import secrets
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from demo.platform.config import ConfigError, Tool
from demo.platform.emulator import Platform
from demo.platform.registration.brightspace import Brightspace
from demo.platform.registration.canvas import Canvas
from demo.platform.registration.moodle import Moodle
from demo.platform.registration.offers import Offer
from demo.platform.registration.product import Product
from demo.platform.registration.sakai import Sakai

PRODUCTS: dict[str, Product] = {one.name: one for one in (Moodle(), Canvas(), Brightspace(), Sakai())}


def begin(
    platform: Platform,
    product: str,
    address: str,
    *,
    tells_deployment: bool | None = None,
    replaces: tuple[str, str] | None = None,
) -> Offer:
    """Begin to register the tool whose registration page is at ``address``.

    ``tells_deployment`` None: as the product usually does. ``replaces``: key and secret of a tool of LTI 1.1 that this
    one takes the place of. Raises ConfigError if there is no such product or address.
    """
    parts = urlsplit(address.strip())
    if product not in PRODUCTS:
        raise ConfigError(f"there is no product {product!r}")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError("the registration URL must begin with https:// or http://")
    usually = product in ("moodle", "sakai")
    number = platform.offers.next_number()
    ids = PRODUCTS[product].begin(platform, number)
    offer = Offer(
        id=secrets.token_urlsafe(12),
        number=number,
        product=product,
        address=address.strip(),
        origin=f"{parts.scheme}://{parts.netloc}",
        began=platform.now,
        told_deployment=usually if tells_deployment is None else tells_deployment,
        token=ids.token,
        client_id=ids.client_id,
        deployment_id=ids.deployment_id,
        replaces=replaces,
    )
    return platform.offers.begin(offer)


def page_of(platform: Platform, offer: Offer) -> str:
    """The address of the tool's page, with what the product puts into it; the tool's own query stays."""
    parts = urlsplit(offer.address)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *PRODUCTS[offer.product].query(platform, offer).items()]
    return urlunsplit(parts._replace(query=urlencode(query), fragment=""))


def activate(platform: Platform, client_id: str) -> Tool:
    """What an administrator does with a tool that waits. Raises KeyError if there is none."""
    tool = platform.store.tool(client_id)
    if tool is None:
        raise KeyError(client_id)
    return platform.add_tool(replace(tool, active=True))


def remove(platform: Platform, client_id: str) -> None:
    """Drop a tool, its links and the beginning that it came by."""
    platform.store.drop_tool(client_id)
    if offer := platform.offers.by_client(client_id):
        platform.offers.forget(offer.id)
