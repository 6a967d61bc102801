"""What is kept of people who may never have come here: a keyed digest, and not for long."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.memberships.models import Member
from lti_1p3_provider.registrations.keyed import digests

SALT = "lti_1p3_provider.members"


def names(registration_pk: int, sub: str) -> tuple[str, ...]:
    """Return the digests of a registration's ``sub``, 64 hex digits each: the newest, which is written, comes first;
    rows may still have another."""
    return digests(SALT, registration_pk, sub)


def members_of(registration_pk: int, sub: str) -> QuerySet[Member]:
    """Return where a person is listed, also as named with an older secret that the site still has."""
    named = names(registration_pk, sub)
    return Member.objects.filter(subject_digest__in=named, context__deployment__registration_id=registration_pk)


def drop_old(now: datetime | None = None) -> int:
    """Delete whom no platform has listed for ``LTI_1P3_PROVIDER_ROSTER_DAYS``; return how many rows."""
    limit = (now or timezone.now()) - timedelta(days=conf.roster_days)
    return drop(Member.objects.filter(last_seen__lt=limit))
