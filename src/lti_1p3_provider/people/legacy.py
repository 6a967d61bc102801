"""Reports on people of LTI 1.1: what the LMS's own provider has, and what became of it in each registration."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lti_1p3_provider import host
from lti_1p3_provider.host.legacy import OldPlatform
from lti_1p3_provider.onboarding.legacy import doubts
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.legacy import obstacle
from lti_1p3_provider.users.models import LegacyMatch

FREE = "free"  # the next launch may have it
RETIRED = "retired"  # the LMS is deleting it, or did: nobody asks what else it is
MAX_LISTED = 1000


def platforms() -> list[dict[str, Any]]:
    """Return each platform with its people, counted by what would become of their accounts now. Changes nothing."""
    return [
        {"key": one.key, "name": one.name, "people": one.people, "accounts": _accounts(one)}
        for one in host.current().legacy.platforms()
    ]


def registrations() -> list[dict[str, Any]]:
    """Return each registration that recognizes people of LTI 1.1, or once did: in which way, and with what result."""
    matched = LegacyMatch.objects.order_by().values("platform_user__registration").distinct()
    rows = Registration.objects.exclude(legacy_way="") | Registration.objects.filter(pk__in=matched)
    return [_registration(row) for row in rows.order_by("pk").distinct()]


def _accounts(platform: OldPlatform) -> dict[str, int]:
    found = Counter(str(obstacle(account) or FREE) for _, account in host.current().legacy.accounts(platform.key))
    if (retired := platform.people - found.total()) > 0:
        found[RETIRED] = retired
    return dict(sorted(found.items()))


def _registration(row: Registration) -> dict[str, Any]:
    matches = LegacyMatch.objects.filter(platform_user__registration=row).order_by("pk")
    others = matches.exclude(outcome=LegacyMatch.Outcome.ADOPTED)
    named = others.values_list("outcome", "platform_user__user_id", "account_id")[:MAX_LISTED]
    return {
        "issuer": row.issuer,
        "client_id": row.client_id,
        "title": row.title,
        "way": row.legacy_way,
        "consumer_key": row.legacy_consumer_key,
        "until": row.legacy_until and str(row.legacy_until),
        "outcomes": dict(Counter(matches.values_list("outcome", flat=True))),
        "not_adopted": [{"outcome": said, "account": has, "lti_1p1_account": had} for said, has, had in named],
        "doubts": [says for says, _ in doubts(row)],
    }
