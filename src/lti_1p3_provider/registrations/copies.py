"""Keys of a registration that its copies have too: of a platform whose beta and test are copied from production."""

from __future__ import annotations

from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.tool_keys import ToolKey, identity


def lock(registration_pk: int) -> None:
    """Let whoever changes a registration's keys, or what copies have of them, do so one after another. Needs a
    transaction, and holds until that ends."""
    list(Registration.objects.select_for_update().filter(pk=registration_pk).values_list("pk"))


def share(key: ToolKey, other_pk: int, status: ToolKey.Status) -> None:
    """Give another registration the same key: of a platform that copies what it knows of us. Nothing happens if it has
    it already."""
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
    """Beta and test become copies of production one day, with its key: they are offered it, and keep theirs until
    then. Needs a transaction, and the lock of the key's registration: a copy may just be made."""
    if key.registration_id is not None:
        copies = Registration.objects.filter(production=key.registration_id).order_by("pk")
        for pk in copies.values_list("pk", flat=True):
            share(key, pk, ToolKey.Status.OFFERED)
