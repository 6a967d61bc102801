"""What both sides know before anybody is measured: two registrations, and people who have launched before."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives import serialization
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import call_command
from pylti1p3.contrib.django.lti1p3_tool_config.models import LtiTool, LtiToolKey

from bench import tokens
from bench.stock.views import username_of
from bench.tokens import Minter, Visitor
from bench.visit import OURS, Browsers
from lti_1p3_provider.onboarding.register import PlatformDetails, register

BY_URL, INLINE = "bench-url", "bench-inline"
PEOPLE = 20
TOKEN_URL = f"{tokens.ISSUER}/token"


def prepare(minter: Minter, key_set_url: str) -> dict[str, list[Visitor]]:
    """Make tables, registrations and accounts; return the people by the name of the registration that they use."""
    cache.clear()
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    register_platform(BY_URL, {"key_set_url": key_set_url}, minter)
    register_platform(INLINE, {"key_set": minter.key_set}, minter)
    people = {name: [Visitor(f"{name}-{number}", name) for number in range(PEOPLE)] for name in (BY_URL, INLINE)}
    browsers = Browsers(minter)
    for visitor in [*people[BY_URL], *people[INLINE]]:
        get_user_model().objects.create_user(username_of(visitor.sub), f"{visitor.sub}@stock.example")
        browsers.visit(OURS, visitor)  # the first launch makes the account
    return people


def register_platform(client_id: str, keys: dict[str, object], minter: Minter, token_url: str = TOKEN_URL) -> None:
    """Register the platform on both sides, with its key set or the URL of it."""
    addresses = {"auth_login_url": f"{tokens.ISSUER}/auth", "auth_token_url": token_url}
    register(
        PlatformDetails(
            title=client_id,
            issuer=tokens.ISSUER,
            client_id=client_id,
            deployment_ids=(tokens.DEPLOYMENT,),
            allowed_courses=(tokens.COURSE, tokens.SMALL_COURSE),
            **addresses,
            **keys,
        )
    )
    LtiTool.objects.create(**{**stock_tool(minter, keys), **addresses, "client_id": client_id})


def stock_tool(minter: Minter, keys: dict[str, object]) -> dict[str, object]:
    """Return the stock side's registration, all but the client id."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in keys.items()}
    return {
        "title": "bench",
        "issuer": tokens.ISSUER,
        "auth_login_url": f"{tokens.ISSUER}/auth",
        "auth_token_url": TOKEN_URL,
        "deployment_ids": json.dumps([tokens.DEPLOYMENT]),
        "tool_key_id": _tool_key(minter).pk,
        **texts,
    }


def _tool_key(minter: Minter) -> LtiToolKey:
    """The stock side reads its own key at each launch too, as its tool refers to it."""
    private = minter.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = minter.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    found, _ = LtiToolKey.objects.get_or_create(
        name="bench", defaults={"private_key": private.decode(), "public_key": public.decode()}
    )
    return found
