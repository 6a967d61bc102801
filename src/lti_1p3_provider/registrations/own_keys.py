"""Keys that are sent to a platform which knows one key and no key set address, and whose answer may get lost.

Such a key is stored before it is sent, as *offered*. It signs once the platform accepts it, whoever notices: the push
itself, or the next request for an access token that is refused the old key. So scores find the key that the platform
has, whatever became of an answer.
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
    """Return the key to send to the registration's platform, and whether it is new. One that was sent before and whose
    fate is not known is sent again: the platform may have it."""
    offered = _offered(registration.pk)
    private = None if offered.exists() else private_keys.made()  # takes its time: nobody waits for the lock meanwhile
    with transaction.atomic():
        copies.lock(registration.pk)  # two who come at once send one key
        known = offered.first()
        return (known, False) if known else (keys.generate(ToolKey.Status.OFFERED, registration, private), True)


def settle(key: ToolKey) -> None:
    """Let a key sign from now on, and alone, that the platform was seen to accept, and offer it to copies. Nothing
    happens unless it was offered: another may have noticed first.

    What was offered later stays so: a copy may accept a key of some time ago, and the one of today after its next copy.
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
    """Take back a key that the platform was seen to refuse."""
    ToolKey.objects.filter(pk=key.pk, status=ToolKey.Status.OFFERED).update(status=ToolKey.Status.RETIRED)


def instead_of(registration_pk: int, refused: ToolKey) -> list[ToolKey]:
    """Return what to try after a platform refused a key: the one that signs by now, then those that were offered."""
    try:
        now = keys.signing_key(registration_pk)
    except NoActiveKey:
        now = refused
    changed = [] if now.pk == refused.pk else [now]
    return [*changed, *_offered(registration_pk)[:MAX_TRIED]]


def _offered(registration_pk: int) -> QuerySet[ToolKey]:
    return ToolKey.objects.filter(registration=registration_pk, status=ToolKey.Status.OFFERED).order_by("-pk")
