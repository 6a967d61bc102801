"""What an LMS says of organizations: whose staff somebody is, and how requests to an API prove who sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from django.contrib.auth.models import AbstractUser


class Tenants(Protocol):
    """Organizations, and who acts for them."""

    def organizations(self, user: AbstractUser) -> frozenset[str]:
        """Return the organizations for which ``user`` acts: those whose courses they may make, or of all whose courses
        they are staff. Being staff of the site, or of single courses, is not enough; superusers are not looked at."""

    def authenticators(self) -> Sequence[Any]:
        """Return what proves who sends a request, as Django REST framework calls it, in order. The first one's
        challenge is told to whoever has no proof. One that takes cookies checks for forged requests."""

    def is_within_token(self, request: Any, writes: bool) -> bool:
        """Tell whether the token with which a request of Django REST framework was authenticated allows it to read, or
        to write. Sessions, and what stands for one, allow both."""
