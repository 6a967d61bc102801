"""Looks up the account of a platform user."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser

from lti_1p3_provider.registrations.digest import digest
from lti_1p3_provider.users.models import PlatformUser


def user_of(issuer: str, client_id: str, sub: str) -> AbstractUser | None:
    """Return the Open edX account of ``sub`` under a registration, None if it never launched."""
    found = PlatformUser.objects.select_related("user", "registration").filter(
        registration__issuer=issuer, registration__client_id=client_id, sub_digest=digest(sub)
    )
    exact = [row for row in found if (row.registration.issuer, row.registration.client_id) == (issuer, client_id)]
    return exact[0].user if exact else None
