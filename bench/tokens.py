"""The platform's side of the messages: one signing key, and the id_tokens of a learner who opens a graded problem."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
ISSUER = "https://platform.example"
LMS = "https://lms.example"
COURSE = "course-v1:Demo+Large+2026"  # 2,100 blocks
SUBSECTION = "block-v1:Demo+Large+2026+type@sequential+block@7-3"
UNIT = "block-v1:Demo+Large+2026+type@vertical+block@7-3-2"
BLOCK = "block-v1:Demo+Large+2026+type@problem+block@7-3-2-2"
SMALL_COURSE = "course-v1:Demo+Small+2026"  # 20 blocks
SMALL_BLOCK = "block-v1:Demo+Small+2026+type@problem+block@1-1-2-2"
DEPLOYMENT, CONTEXT, LINK = "1", "course-1", "link-1"
CONTEXT_LABEL, CONTEXT_TITLE, LINK_TITLE = "LTI 101", "Colours", "Primary colours"
LINE_ITEMS = f"{ISSUER}/courses/1/line_items"
LINE_ITEM = f"{LINE_ITEMS}/1/lineitem"
SCOPES = [f"{AGS}scope/lineitem", f"{AGS}scope/lineitem.readonly", f"{AGS}scope/score"]
LIFETIME = 300  # seconds


@dataclass(frozen=True)
class Link:
    """What the platform's link opens, and the column of its gradebook."""

    target: str = f"{LMS}/lti/1p3/launch/{COURSE}/{BLOCK}"
    name: str = LINK
    title: str = LINK_TITLE
    line_item: str = LINE_ITEM


LARGE = Link()
SMALL = Link(f"{LMS}/lti/1p3/launch/{SMALL_COURSE}/{SMALL_BLOCK}", "link-2", LINK_TITLE, f"{LINE_ITEMS}/2/lineitem")


@dataclass(frozen=True)
class Visitor:
    """Somebody of the platform, who launches a link through one registration."""

    sub: str
    client_id: str
    link: Link = LARGE


@dataclass(frozen=True)
class Minter:
    """Signs what the platform says. The key stays an object: reading it from text takes longer than to sign."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    kid: str = "bench-1"

    @property
    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public key, as a platform publishes it."""
        jwk = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**jwk, "kid": self.kid, "alg": "RS256", "use": "sig"}]}

    def id_token(self, visitor: Visitor, nonce: str) -> str:
        """Return the answer to one login."""
        now = int(time.time())
        times = {"iat": now, "exp": now + LIFETIME, "nonce": nonce}
        return jwt.encode({**claims(visitor), **times}, self.key, algorithm="RS256", headers={"kid": self.kid})


def claims(visitor: Visitor) -> dict[str, object]:
    """Return the message: a resource link launch with a line item. (LTI 1.3 Core, 5.3; AGS 2.0, 3.1)"""
    return {
        "iss": ISSUER,
        "aud": visitor.client_id,
        "sub": visitor.sub,
        "name": f"Learner {visitor.sub}",
        "email": f"{visitor.sub}@platform.example",
        f"{LTI}message_type": "LtiResourceLinkRequest",
        f"{LTI}version": "1.3.0",
        f"{LTI}deployment_id": DEPLOYMENT,
        f"{LTI}target_link_uri": visitor.link.target,
        f"{LTI}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        f"{LTI}resource_link": {"id": visitor.link.name, "title": visitor.link.title},
        f"{LTI}context": {"id": CONTEXT, "label": CONTEXT_LABEL, "title": CONTEXT_TITLE},
        f"{LTI}launch_presentation": {"document_target": "iframe", "return_url": f"{ISSUER}/return", "locale": "en"},
        f"{AGS}claim/endpoint": {"scope": SCOPES, "lineitem": visitor.link.line_item, "lineitems": LINE_ITEMS},
    }
