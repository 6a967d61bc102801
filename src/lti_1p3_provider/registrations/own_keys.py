"""Keys for a platform that knows one key and no key set address. They are sent there, and the answer may get lost.

Such a key is stored before it is sent, as *offered*. It signs as soon as the platform is known to accept it. That may
be noticed by the push itself, or by the next request for an access token, if the old key is refused. So scores use the
key that the platform has, even if its answer was lost.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from lti_1p3_provider.errors import NoActiveKey
from lti_1p3_provider.registrations import copies, keys, private_keys
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.tool_keys import ToolKey

MAX_TRIED = 3  # keys instead of one that a platform refuses


def offer(registration: Registration) -> tuple[ToolKey, bool]:
    """Return the key to send to the registration's platform, and whether it is new. If an earlier key was sent and its
    answer was lost, the same key is sent again: the platform may have it."""
    offered = _offered(registration.pk)
    private = None if offered.exists() else private_keys.made()  # takes its time: nobody waits for the lock meanwhile
    with transaction.atomic():
        copies.lock(registration.pk)  # two who come at once send one key
        known = offered.first()
        return (known, False) if known else (keys.generate(ToolKey.Status.OFFERED, registration, private), True)


def settle(key: ToolKey) -> None:
    """Let a key that the platform accepts sign from now on, and no other, and offer it to copies. Nothing happens
    unless it was offered: somebody else may have noticed first.

    Keys that were offered later stay offered: a copy may accept an older key now, and a newer one after its next copy.
    """
    if key.registration_id is None:
        return
    with transaction.atomic():
        copies.lock(key.registration_id)
        taken = _offered(key.registration_id).filter(pk=key.pk)
        if taken.update(status=ToolKey.Status.ACTIVE, handed_over=True):
            keys.only(key.registration_id, besides=key.pk)
            _offered(key.registration_id).filter(pk__lt=key.pk).update(status=ToolKey.Status.RETIRED)
            copies.offer(key)


def withdraw(key: ToolKey) -> None:
    """Take back a key that the platform refused."""
    ToolKey.objects.filter(pk=key.pk, status=ToolKey.Status.OFFERED).update(status=ToolKey.Status.RETIRED)


def instead_of(registration_pk: int, refused: ToolKey) -> list[ToolKey]:
    """Return the keys to try after a platform refused one: the key that signs now, then those that were offered."""
    try:
        now = keys.signing_key(registration_pk)
    except NoActiveKey:
        now = refused
    changed = [] if now.pk == refused.pk else [now]
    return [*changed, *_offered(registration_pk)[:MAX_TRIED]]


def _offered(registration_pk: int) -> QuerySet[ToolKey]:
    return ToolKey.objects.filter(registration=registration_pk, status=ToolKey.Status.OFFERED).order_by("-pk")
