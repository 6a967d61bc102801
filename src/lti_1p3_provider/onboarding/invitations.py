"""Invitations: an operator makes one, it is found by its token, and used once, when the registration request is sent.

The token cannot be guessed; the table has only its digest. Opening, reloading or prefetching the address does not use
it up.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import (
    InvitationExpired,
    InvitationRevoked,
    InvitationUnknown,
    InvitationUsed,
    LegacyKeyUnproved,
)
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.models import Invitation
from lti_1p3_provider.registrations.models import AccountMode, Registration

LIFE = timedelta(days=7)
MAX_DAYS = 365
MAX_TOKEN = 100
MAX_HOST = 255
Status = Invitation.Status


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invitation offers: a name for the platform, what it may open, and the options of its registration.

    ``host``: the only host that may use it; empty: any. If no list names anything, there is no launch gate, as in
    ``register.PlatformDetails``. ``org``: the organization that it belongs to; empty: the site. ``legacy_until``: the
    platform has to prove its key of LTI 1.1, and its people keep their accounts until this day.
    """

    name: str
    host: str = ""
    org: str = ""
    allowed_courses: tuple[str, ...] = ()
    allowed_orgs: tuple[str, ...] = ()
    allowed_keys: tuple[str, ...] = ()
    block_filter: dict[str, Any] = field(default_factory=dict)
    trust_emails: bool = False
    enrolment_mode: str = ""
    learner_accounts: str = AccountMode.NEW.value
    teacher_accounts: str = AccountMode.NEW.value
    instructor_role: str = ""
    assistant_role: str = ""
    designer_role: str = ""
    subsection_columns: bool = False
    confine_sessions: bool = True
    legacy_until: date | None = None
    legacy_consumer_key: str = ""


def invite(offer: Offer, life: timedelta = LIFE, now: datetime | None = None) -> tuple[Invitation, str]:
    """Make an invitation; return it and its address, which cannot be found out later. ``now`` None: the present.

    Raises:
        ValidationError: a value is wrong; it says which and why, and nothing is stored.
    """
    values = {one.name: getattr(offer, one.name) for one in fields(offer)}
    row = Invitation(**{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()})
    return row, issue(row, life, now)


def issue(row: Invitation, life: timedelta = LIFE, now: datetime | None = None) -> str:
    """Give an invitation that is not stored yet a token, and store it; return its address.

    Raises:
        ValidationError
    """
    token, now = secrets.token_urlsafe(32), now or timezone.now()
    row.token_digest, row.created_at, row.expires_at = digest(token), now, now + life
    row.full_clean()
    row.save(force_insert=True)
    return address(token)


def address(token: str) -> str:
    """Return the address that a platform's administrator enters there."""
    return f"{conf.public_url}{reverse('lti_1p3_provider:register', args=[token])}"


def find(token: str) -> Invitation:
    """Return the invitation of a token, in whatever state it is.

    Raises:
        InvitationUnknown
    """
    row = Invitation.objects.filter(token_digest=digest(token)).first() if 0 < len(token) <= MAX_TOKEN else None
    if row is None:
        raise InvitationUnknown("no invitation has this token")
    return row


def require_open(row: Invitation, now: datetime | None = None) -> None:
    """Return if the invitation can be used.

    Raises:
        InvitationUsed, InvitationRevoked, InvitationExpired
    """
    if row.status == Status.REVOKED:
        raise InvitationRevoked(f"invitation {row.pk} was revoked")
    if row.status != Status.OPEN:
        raise InvitationUsed(f"invitation {row.pk} is {row.status}; support code {row.support_code or '-'}")
    if row.expires_at <= (now or timezone.now()):
        raise InvitationExpired(f"invitation {row.pk} expired on {row.expires_at:%Y-%m-%d}")


def use(row: Invitation, host: str, now: datetime | None = None, proof: str | None = None) -> None:
    """Use the invitation up. If several try at once, one succeeds. ``host``: the origin that is asked now. ``proof``:
    the digest of a proof that counts once.

    Raises:
        InvitationUsed, InvitationRevoked, InvitationExpired
        LegacyKeyUnproved: another invitation was used with this proof in this very moment.
    """
    now = now or timezone.now()
    mine = Invitation.objects.filter(pk=row.pk, status=Status.OPEN, expires_at__gt=now)
    try:
        with transaction.atomic():
            is_mine = mine.update(status=Status.UNKNOWN, sent_at=now, sent_to=host[:MAX_HOST], proof_digest=proof)
    except IntegrityError as error:
        raise LegacyKeyUnproved("its proof was shown before, a moment ago") from error
    if not is_mine:
        row.refresh_from_db()
        require_open(row, now)
        raise InvitationUsed(f"invitation {row.pk} was used a moment ago")
    row.status, row.sent_at, row.sent_to = Status.UNKNOWN, now, host[:MAX_HOST]


def give_back(row: Invitation) -> None:
    """Make the invitation usable again, because nothing was sent after all."""
    Invitation.objects.filter(pk=row.pk, status=Status.UNKNOWN, registration=None).update(
        status=Status.OPEN, sent_at=None, sent_to=""
    )


def succeeded(row: Invitation, registration: Registration) -> None:
    """Note which registration was made; in the transaction that makes it."""
    row.status, row.registration = Status.REGISTERED, registration
    row.save(update_fields=["status", "registration"])


def failed(row: Invitation, status: Invitation.Status, code: str, support_code: str) -> None:
    """Note for the operator why no registration was made."""
    row.status, row.outcome, row.support_code = status, code, support_code
    row.save(update_fields=["status", "outcome", "support_code"])


def revoke(rows: Any) -> int:
    """Revoke those of the invitations (a queryset) that nobody has used; return how many."""
    revoked: int = rows.filter(status=Status.OPEN).update(status=Status.REVOKED)
    return revoked
