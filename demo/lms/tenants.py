"""Organizations of the stand-in LMS, and the proofs that its interfaces take: sessions, and signed bearer tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core import signing
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from demo.lms.people import ORGANIZATION

CREATORS = "course creators of {}"  # name of an organization's group
SALT, LIFETIME = "demo.lms.tenants", 3600  # seconds


@dataclass(frozen=True, slots=True)
class Token:
    """What a token allows, as one text: ``read write``."""

    scope: str


def token(user: AbstractUser, scope: str = "read write") -> str:
    """Return a bearer token of somebody, good for an hour."""
    return signing.dumps({"user": user.get_username(), "scope": scope}, salt=SALT)


class BearerAuthentication(BaseAuthentication):
    """Takes the tokens of ``token``."""

    def authenticate(self, request: Any) -> tuple[AbstractUser, Token] | None:
        """Return whose token it is, None without one.

        Raises:
            AuthenticationFailed: it is none of ours, too old, or its account is off.
        """
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        try:
            said = signing.loads(b"".join(words[1:]).decode("latin-1"), salt=SALT, max_age=LIFETIME)
        except signing.BadSignature as error:
            raise AuthenticationFailed from error
        user = get_user_model().objects.filter(username=said["user"], is_active=True).first()
        if user is None:
            raise AuthenticationFailed
        return user, Token(said["scope"])

    def authenticate_header(self, request: Any) -> str:
        """Return the challenge."""
        return 'Bearer realm="api"'


class DemoTenants:
    """Groups are roles, as in the rest of the stand-in LMS."""

    def organizations(self, user: AbstractUser) -> frozenset[str]:
        """Read the groups of those who make an organization's courses, and of its staff; one query."""
        starts = tuple(name.format("") for name in (ORGANIZATION, CREATORS))
        names = user.groups.values_list("name", flat=True)
        return frozenset(name.removeprefix(start) for name in names for start in starts if name.startswith(start))

    def authenticators(self) -> Sequence[Any]:
        """Take tokens and sessions."""
        return [BearerAuthentication(), SessionAuthentication()]

    def is_within_token(self, request: Any, writes: bool) -> bool:
        """Look at the token's scope; a session has none."""
        return request.auth is None or ("write" if writes else "read") in request.auth.scope.split()
