"""Organizations that manage their platforms through the API, and what each of them has."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group
from django.test import Client

from demo.lms.people import ORGANIZATION
from demo.lms.tenants import CREATORS, token

API = "/lti/1p3/api/v1/orgs"
DEMO, OTHER = "DemoX", "OtherX"
PLATFORM = {
    "title": "Riverside Moodle",
    "platform": "moodle",
    "platform_host": "moodle.riverside.example",
    "issuer": "https://moodle.riverside.example",
    "client_id": "JdjnPEISNUdn28q",
}


@dataclass
class Tenant:
    """Somebody with a token, and the organization whose addresses they use."""

    user: AbstractUser
    org: str
    scope: str = "read write"
    client: Client = field(default_factory=Client)

    def url(self, path: str) -> str:
        """Return an address below the organization's."""
        return path if path.startswith("/lti/") else f"{API}/{self.org}/{path}"

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request."""
        names = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return self.client.generic(
            method,
            self.url(path),
            b"" if body is None else body if isinstance(body, bytes) else _json(body),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {token(self.user, self.scope)}",
            **names,
        )

    def as_of(self, org: str) -> Tenant:
        """Return the same person at the addresses of another organization."""
        return Tenant(self.user, org, self.scope, self.client)


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def tenant(org: str = DEMO, role: str = ORGANIZATION, **values: Any) -> Tenant:
    """Return somebody of an organization's staff; ``CREATORS`` as ``role``: somebody who makes its courses."""
    name = f"{org or 'nobody'}-{get_user_model().objects.count()}"
    user = get_user_model().objects.create_user(name, password="x", **values)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role.format(org))[0])
    return Tenant(user, org)


__all__ = ["API", "CREATORS", "DEMO", "ORGANIZATION", "OTHER", "PLATFORM", "Tenant", "tenant"]
