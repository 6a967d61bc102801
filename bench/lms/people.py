"""The platform's registration, and the people who come through it."""

from __future__ import annotations

import itertools
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from opaque_keys.edx.keys import UsageKey

from bench import tokens
from bench.lms.courses import link
from bench.tokens import Minter, Visitor
from bench.visit import OURS, Browsers
from lti_1p3_provider.api import PlatformDetails, register, user_of

CLIENT = "bench"
_numbers = itertools.count(1)


def register_platform(minter: Minter) -> None:
    """Register the platform with its keys, so that nothing is fetched, and a gate that opens the bench's courses."""
    register(
        PlatformDetails(
            title="Bench",
            issuer=tokens.ISSUER,
            client_id=CLIENT,
            deployment_ids=(tokens.DEPLOYMENT,),
            auth_login_url=f"{tokens.ISSUER}/auth",
            auth_token_url=f"{tokens.ISSUER}/token",
            key_set=minter.key_set,
            allowed_orgs=("BenchX",),
        )
    )


def make_login_client() -> None:
    """Make the OAuth client for the login cookies of other front ends, which each site has."""
    from oauth2_provider.models import get_application_model

    application: Any = get_application_model()
    name = settings.JWT_AUTH["JWT_LOGIN_CLIENT_ID"]
    if not application.objects.filter(client_id=name).exists():
        application.objects.create(
            client_id=name,
            name="Login service",
            user=plain_account(),
            client_type=application.CLIENT_PUBLIC,
            authorization_grant_type=application.GRANT_PASSWORD,
            redirect_uris="",
        )


def visitor(block: UsageKey, sub: str | None = None) -> Visitor:
    """Return somebody who opens the block; without ``sub`` a person whom nobody has seen yet."""
    return Visitor(sub or f"person-{next(_numbers)}", CLIENT, link(block))


def returning(browsers: Browsers, block: UsageKey, count: int) -> list[Visitor]:
    """Return people who have launched the block before."""
    people = [visitor(block) for _ in range(count)]
    for one in people:
        browsers.visit(OURS, one)
    return people


def account(one: Visitor) -> AbstractUser:
    """Return the account of somebody who has launched."""
    found = user_of(tokens.ISSUER, CLIENT, one.sub)
    assert found is not None
    return found


def plain_account() -> AbstractUser:
    """Make an account with a profile, of somebody who never came through a platform."""
    from common.djangoapps.student.models import UserProfile

    name = f"plain-{next(_numbers)}"
    user = get_user_model().objects.create_user(name, f"{name}@lms.example")
    UserProfile.objects.create(user=user, name=name)
    return user  # type: ignore[return-value]
