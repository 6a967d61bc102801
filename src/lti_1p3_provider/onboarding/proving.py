"""A platform that came through LTI 1.1 proves its old key before it registers, if its invitation asks for that.

With a key's secret, the platform could sign in to the accounts of its people on LTI 1.1. So a platform that proves the
key may name these people on LTI 1.3, too, if it kept their user ids. Without a proof nothing is sent, and the
invitation stays good.
"""

from __future__ import annotations

from django.utils import timezone

from lti_1p3_provider import host
from lti_1p3_provider.errors import LegacyKeyUnproved
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import proved_key
from lti_1p3_provider.lti.proved_key import ProvedKey
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.platforms import Preset
from lti_1p3_provider.registrations.legacy_way import SAME_IDS
from lti_1p3_provider.registrations.models import Registration


def require(invitation: Invitation, known: Preset, endpoint: str, token: str) -> ProvedKey | None:
    """Return the key that the platform proved; None if the invitation does not ask for one.

    Raises:
        LegacyKeyUnproved: it proved none, or one that the invitation does not take.
        AddressForbidden, PlatformUnreachable, TrustUnreadable
    """
    if invitation.legacy_until is None:
        return None
    if invitation.legacy_until < timezone.now().date():
        raise LegacyKeyUnproved(f"{invitation.legacy_until}, the last day for its people of LTI 1.1, is over")
    if not known.registering.proves_keys:
        raise LegacyKeyUnproved(f"{known.label} does not prove keys of LTI 1.1")
    said = proved_key.ask(endpoint, token)
    if said is None:
        raise LegacyKeyUnproved("the platform named no key of LTI 1.1: it adds a tool, and updates none")
    if invitation.legacy_consumer_key not in ("", said.key):
        raise LegacyKeyUnproved(f"it named the key {said.key}, and the invitation is for another one")
    if not proved_key.is_proved(host.current().legacy.secrets(said.key), said):
        raise LegacyKeyUnproved(f"no secret of the key {said.key} made its proof, or the LMS has no such key")
    if Invitation.objects.filter(proof_digest=digest_of(said)).exists():
        raise LegacyKeyUnproved(f"its proof of the key {said.key} was shown before")
    return said


def digest_of(said: ProvedKey) -> str:
    """Return what tells one proof from another."""
    return digest(f"{said.key}\0{said.nonce}")


def recognize(row: Registration, invitation: Invitation, said: ProvedKey) -> None:
    """Let the registration, which is not stored yet, recognize the people of the key."""
    row.legacy_way, row.legacy_consumer_key = SAME_IDS, said.key
    row.legacy_until = invitation.legacy_until
