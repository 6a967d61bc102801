"""Keys that a registration shares with its copies: a platform's beta and test are copied from production, keys
included."""

from __future__ import annotations

from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.tool_keys import ToolKey, identity


def lock(registration_pk: int) -> None:
    """Wait for others who change a registration's keys, or the copies' share of them. Needs a transaction, and holds
    until that ends."""
    list(Registration.objects.select_for_update().filter(pk=registration_pk).values_list("pk"))


def share(key: ToolKey, other_pk: int, status: ToolKey.Status) -> None:
    """Give another registration the same key, because its platform is a copy. Nothing happens if it has the key
    already."""
    ToolKey.objects.get_or_create(
        identity=identity(other_pk, key.kid),
        defaults={
            "registration_id": other_pk,
            "kid": key.kid,
            "private_key": key.private_key,
            "public_jwk": key.public_jwk,
            "status": status,
            "handed_over": True,
        },
    )


def offer(key: ToolKey) -> None:
    """Offer the key to the copies. Beta and test become copies of production one day, with its key, and keep their own
    until then. Needs a transaction and the lock of the key's registration, because a copy may just be made."""
    if key.registration_id is not None:
        copies = Registration.objects.filter(production=key.registration_id).order_by("pk")
        for pk in copies.values_list("pk", flat=True):
            share(key, pk, ToolKey.Status.OFFERED)
