"""Whose claimed scores may be sent: of people whose accounts are on, and who were not forgotten since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lti_1p3_provider.database.prepared import Lookup
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser

NOBODY: Mapping[int, bool] = {}

_active = Lookup(
    PlatformUser, lambda pks: PlatformUser.objects.filter(pk__in=pks).values("pk", "user__is_active"), limit=None
)


def of(rows: Iterable[PendingScore]) -> Mapping[int, bool]:
    """Return the people of claimed rows by primary key, and whether their accounts are on. Whoever is missing was
    forgotten, and the row with them."""
    return dict(_active.columns(pks=sorted({row.platform_user_id for row in rows})))
