"""Looks up the account of a platform user."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser

from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.find import exact
from lti_1p3_provider.users.models import PlatformUser


def user_of(issuer: str, client_id: str, sub: str) -> AbstractUser | None:
    """Return the Open edX account of ``sub`` under a registration, None if it has none."""
    registration = exact(issuer, client_id)
    found = (
        PlatformUser.objects.select_related("user").filter(registration=registration, sub_digest=digest(sub)).first()
    )
    return found.user if found else None
