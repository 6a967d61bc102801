"""What is kept of people who may never have come here: a keyed digest, and not for long.

Whoever has a copy of the table can try out no ids, however short these are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.memberships.models import Member

SALT = "lti_1p3_provider.members"


def keyed(registration_pk: int, sub: str) -> str:
    """Return the digest of a registration's ``sub`` with the newest secret: 64 hex digits."""
    return _keyed(registration_pk, sub, conf.key_secrets[0])


def members_of(registration_pk: int, sub: str) -> QuerySet[Member]:
    """Return where a person is listed, also as named with an older secret that the site still has."""
    names = [_keyed(registration_pk, sub, secret) for secret in conf.key_secrets]
    return Member.objects.filter(subject_digest__in=names, context__deployment__registration_id=registration_pk)


def drop_old(now: datetime | None = None) -> int:
    """Delete whom no platform has listed for ``LTI_1P3_PROVIDER_ROSTER_DAYS``; return how many rows."""
    limit = (now or timezone.now()) - timedelta(days=conf.roster_days)
    return drop(Member.objects.filter(last_seen__lt=limit))


def _keyed(registration_pk: int, sub: str, secret: str) -> str:
    return salted_hmac(SALT, f"{registration_pk}:{sub}", secret=secret, algorithm="sha256").hexdigest()
