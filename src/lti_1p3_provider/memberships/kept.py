"""What is stored about people who may never have come here: a keyed digest, for a short time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.dropping import drop
from lti_1p3_provider.memberships.models import Member, NotAhead, Roster
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.person_digests import digests

SALT = "lti_1p3_provider.members"


def names(registration_pk: int, sub: str) -> tuple[str, ...]:
    """Return the digests of a registration's ``sub``, 64 hex digits each. The newest, which new rows get, comes first;
    older rows may still have another."""
    return digests(SALT, registration_pk, sub)


def members_of(registration_pk: int, sub: str) -> QuerySet[Member]:
    """Return the rows that list a person, including those whose digest was made with an older secret that the site
    still has."""
    named = names(registration_pk, sub)
    return Member.objects.filter(subject_digest__in=named, context__deployment__registration_id=registration_pk)


def wait(registration: Registration) -> None:
    """Wait for whoever is making accounts from a roster of the registration now, and hold them off until the caller's
    transaction ends. Nobody waits where rosters make no accounts."""
    if registration.ahead_way:
        rosters = Roster.objects.filter(context__deployment__registration=registration).order_by("pk")
        pks = list(rosters.values_list("pk", flat=True))
        list(Roster.objects.select_for_update().filter(pk__in=pks).order_by("pk"))


def forget(registration: Registration, sub: str) -> None:
    """Delete the rows that list a person, and note that no roster may make an account for them again. Runs in the
    caller's transaction, after ``wait``."""
    members_of(registration.pk, sub).delete()
    named = names(registration.pk, sub)
    if not is_forgotten(registration.pk, named):
        NotAhead.objects.get_or_create(registration=registration, subject_digest=named[0])


def is_forgotten(registration_pk: int, named: Sequence[str]) -> bool:
    """Tell whether a person was forgotten, by any of their digests."""
    return NotAhead.objects.filter(registration_id=registration_pk, subject_digest__in=named).exists()


def forgotten(registration_pk: int) -> frozenset[str]:
    """Return the digests of everybody who was forgotten."""
    rows = NotAhead.objects.filter(registration_id=registration_pk)
    return frozenset(rows.values_list("subject_digest", flat=True))


def drop_old(now: datetime | None = None) -> int:
    """Delete the rows of people whom no platform has listed for ``LTI_1P3_PROVIDER_ROSTER_DAYS``; return how many."""
    limit = (now or timezone.now()) - timedelta(days=conf.roster_days)
    return drop(Member.objects.filter(last_seen__lt=limit))
