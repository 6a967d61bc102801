"""A platform without a network: a real key, real states, nonces and signatures, posted by Django's test client."""

from __future__ import annotations

import json
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from jwt.algorithms import RSAAlgorithm
from opaque_keys.edx.keys import UsageKey

from lti_1p3_provider.api import PlatformDetails, register, user_of

ISSUER, CLIENT_ID, KID = "https://platform.example", "contract", "contract-key"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
HERE = "http://testserver"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def register_platform() -> None:
    """Register the platform by its key set, so that nothing is fetched."""
    public = json.loads(RSAAlgorithm.to_jwk(_key().public_key()))
    register(
        PlatformDetails(
            title="Contract",
            issuer=ISSUER,
            client_id=CLIENT_ID,
            deployment_ids=("1",),
            auth_login_url=f"{ISSUER}/auth",
            auth_token_url=f"{ISSUER}/token",
            trust_emails=True,
            key_set={"keys": [{**public, "kid": KID, "alg": "RS256", "use": "sig"}]},
        )
    )


def account(sub: str) -> Any:
    """Return the account of somebody who launched."""
    return user_of(ISSUER, CLIENT_ID, sub)


def door(key: UsageKey) -> str:
    """Return the path of a block's content door."""
    return reverse("lti_1p3_provider:content", args=[str(key.course_key), str(key)])


def launch(client: Client, sub: str, key: UsageKey, **claims: Any) -> HttpResponse:
    """Launch as a browser does, up to our answer to the posted token."""
    target = f"{HERE}{door(key)}"
    asked = client.post(
        reverse("lti_1p3_provider:login"),
        {"iss": ISSUER, "client_id": CLIENT_ID, "login_hint": sub, "target_link_uri": target},
    )
    assert asked.status_code == 302, asked.content
    query = dict(parse_qsl(urlsplit(asked["Location"]).query))
    now = int(time.time())
    token = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "sub": sub,
        "nonce": query["nonce"],
        "iat": now,
        "exp": now + 300,
        "name": f"Person {sub}",
        f"{LTI}message_type": "LtiResourceLinkRequest",
        f"{LTI}version": "1.3.0",
        f"{LTI}deployment_id": "1",
        f"{LTI}target_link_uri": target,
        f"{LTI}resource_link": {"id": f"link to {key}"},
        f"{LTI}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        f"{AGS}claim/endpoint": {"scope": [f"{AGS}scope/score"], "lineitem": f"{ISSUER}/lineitems/{key.block_id}"},
        **claims,
    }
    signed = jwt.encode(token, _key(), "RS256", headers={"kid": KID})
    return client.post(reverse("lti_1p3_provider:launch"), {"id_token": signed, "state": query["state"]})


def open_launched(client: Client, sub: str, key: UsageKey, **claims: Any) -> HttpResponse:
    """Launch, and follow to the content."""
    answer = launch(client, sub, key, **claims)
    assert answer.status_code == 302, answer.content
    return client.get(answer["Location"])
