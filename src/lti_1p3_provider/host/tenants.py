"""What an LMS says about organizations: who acts for one, and how requests to an API are authenticated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from django.contrib.auth.models import AbstractUser


class Tenants(Protocol):
    """Organizations, and who acts for them."""

    def organizations(self, user: AbstractUser) -> frozenset[str]:
        """Return the organizations for which ``user`` acts: they may make courses of it, or are staff of all its
        courses. Being staff of the site, or of single courses, is not enough. Superusers are not considered here."""

    def authenticators(self) -> Sequence[Any]:
        """Return Django REST framework's authentication classes, in order. The first one's challenge is sent if a
        request has none. Those that accept cookies check for forged requests."""

    def is_within_token(self, request: Any, writes: bool) -> bool:
        """Tell whether the token of a request of Django REST framework allows it to read, or to write. Sessions, and
        whatever stands for one, allow both."""
