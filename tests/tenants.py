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
from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.invitations import Offer, invite
from lti_1p3_provider.organizations import SITE
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import Lane, LineItem, PendingScore
from lti_1p3_provider.users.models import PlatformUser

API = "/lti/1p3/api/v1/orgs"
DEMO, OTHER = "DemoX", "OtherX"
COURSE, BLOCK = "course-v1:OtherX+SOON+2099", "block-v1:OtherX+SOON+2099+type@problem+block@p"
NOT_FOUND = {
    "code": "api_not_found",
    "title": "There is no such thing in this organization",
    "advice": "Compare the address. If a platform cannot be registered under its own name, ask this site's operator.",
    "support_code": "",
    "fields": {},
}
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


def belongings(org: str) -> dict[str, Any]:
    """Make one of each kind of thing that an organization may have; return what names it in addresses."""
    registration = Registration.objects.create(
        org=org,
        title=PLATFORM["title"],
        issuer=PLATFORM["issuer"],
        client_id=PLATFORM["client_id"],
        auth_login_url="https://x.example/a",
        auth_token_url="https://x.example/t",
        key_set_url="https://x.example/j",
    )
    LaunchGate.objects.create(registration=registration, allowed_orgs=[org])
    keys.generate(registration=registration)
    deployment = Deployment.objects.create(registration=registration, deployment_id="1", status="pending")
    user = get_user_model().objects.create_user(f"lti_{org}")
    person = PlatformUser.objects.create(registration=registration, sub="u-1", sub_digest=digest("u-1"), user=user)
    place = {"course_key": COURSE, "usage_key": BLOCK}
    link = ResourceLink.objects.create(deployment=deployment, link_id="l", link_digest=digest("l"), **place)
    score = PendingScore.objects.create(
        registration=registration,
        lane=Lane.objects.create(name=f"lane of {org}", deployment=deployment),
        line_item=LineItem.objects.create(resource_link=link, url="https://x.example/li", **place),
        platform_user=person,
        given_up=True,
        **place,
    )
    LaunchAttempt.objects.create(support_code="ABCD-EFGH", door="launch", outcome="ok", registration=registration)
    Change.objects.create(org=org, way="api", action="created", kind="registration", registration_pk=registration.pk)
    return {
        "registration": registration.pk,
        "deployment": deployment.pk,
        "person": person.pk,
        "support_code": "ABCD-EFGH",
        "invitation": invite(Offer("Riverside", org=org))[0].pk,
        "score": score.pk,
    }


__all__ = ["API", "CREATORS", "DEMO", "ORGANIZATION", "OTHER", "PLATFORM", "SITE", "Tenant", "belongings", "tenant"]
