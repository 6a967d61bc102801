"""Checks whose scores may still be sent: their accounts must be on, and they must not have been forgotten since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.users.models import PlatformUser

NOBODY: Mapping[int, bool] = {}


@prepared
def _active(pks: list[int]) -> QuerySet[PlatformUser, tuple[int, bool]]:
    return PlatformUser.objects.filter(pk__in=pks).values_list("pk", "user__is_active")


def of(rows: Iterable[PendingScore]) -> Mapping[int, bool]:
    """Return the people of claimed rows by primary key, and whether their accounts are on. People who are missing were
    forgotten, and their rows with them."""
    return dict(_active(sorted({row.platform_user_id for row in rows})))
