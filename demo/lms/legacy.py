"""The LTI 1.1 provider of the stand-in LMS: the real one's tables, read through models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.contrib.auth.models import AbstractUser
from django.db import connection
from django.db.models import Count

from demo.lms.models import LtiConsumer, LtiUser
from demo.lms.retirement import DemoRetirement
from lti_1p3_provider.host.legacy import OldPlatform


class DemoLegacyProvider:
    """What came through LTI 1.1."""

    def platforms(self) -> Sequence[OldPlatform]:
        """Count the people of each. A site that moves in may ask before this one has tables."""
        if LtiConsumer._meta.db_table not in connection.introspection.table_names():
            return []
        rows = LtiConsumer.objects.annotate(people=Count("ltiuser")).order_by("consumer_key")
        return [OldPlatform(row.consumer_key, row.consumer_name, row.people) for row in rows]

    def secrets(self, consumer_key: str) -> tuple[str, ...]:
        """Read the platform's row."""
        rows = LtiConsumer.objects.filter(consumer_key=consumer_key)
        return tuple(row.consumer_secret for row in rows if row.consumer_key == consumer_key)

    def account(self, consumer_key: str, lti_user_id: str) -> AbstractUser | None:
        """Read the person's row with the account."""
        rows = LtiUser.objects.select_related("edx_user", "lti_consumer")
        for row in rows.filter(lti_consumer__consumer_key=consumer_key, lti_user_id=lti_user_id):
            if (row.lti_consumer.consumer_key, row.lti_user_id) == (consumer_key, lti_user_id):
                return None if _is_retired(row.edx_user) else row.edx_user
        return None

    def accounts(self, consumer_key: str) -> Iterator[tuple[str, AbstractUser]]:
        """Read all of them."""
        rows = LtiUser.objects.select_related("edx_user", "lti_consumer").order_by("pk")
        for row in rows.filter(lti_consumer__consumer_key=consumer_key).iterator():
            if row.lti_consumer.consumer_key == consumer_key and not _is_retired(row.edx_user):
                yield row.lti_user_id, row.edx_user


def _is_retired(user: AbstractUser) -> bool:
    return bool(DemoRetirement().under_way([user.pk]))
