"""The LMS's LTI 1.1 provider, read from its tables. Its code is loaded only if the site has it switched on, but the
tables stay. The columns named here exist in all its releases; others come and go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import DEFAULT_DB_ALIAS, connections

from lti_1p3_provider.host.legacy import OldPlatform
from lti_1p3_provider.host.openedx.retirement import OpenEdxRetirement

TABLES = {"lti_provider_lticonsumer", "lti_provider_ltiuser"}
COUNTED = """
    SELECT c.consumer_key, c.consumer_name, (SELECT COUNT(*) FROM lti_provider_ltiuser u WHERE u.lti_consumer_id = c.id)
    FROM lti_provider_lticonsumer c ORDER BY c.consumer_key
"""
SECRETS = "SELECT consumer_key, consumer_secret FROM lti_provider_lticonsumer WHERE consumer_key = %s"
ACCOUNT = """
    SELECT c.consumer_key, u.lti_user_id, u.edx_user_id
    FROM lti_provider_lticonsumer c JOIN lti_provider_ltiuser u ON u.lti_consumer_id = c.id
    WHERE c.consumer_key = %s AND u.lti_user_id = %s
"""
ACCOUNTS = """
    SELECT c.consumer_key, u.lti_user_id, u.edx_user_id, u.id
    FROM lti_provider_lticonsumer c JOIN lti_provider_ltiuser u ON u.lti_consumer_id = c.id
    WHERE c.consumer_key = %s AND u.id > %s ORDER BY u.id LIMIT 500
"""


class OpenEdxLegacyProvider:
    """What ``lms.djangoapps.lti_provider`` stored."""

    def platforms(self) -> Sequence[OldPlatform]:
        """Count each platform's people, in one query."""
        return [OldPlatform(key, name, people) for key, name, people in _rows(COUNTED)]

    def secrets(self, consumer_key: str) -> tuple[str, ...]:
        """Read the platform's row."""
        return tuple(secret for key, secret in _rows(SECRETS, consumer_key) if key == consumer_key)

    def account(self, consumer_key: str, lti_user_id: str) -> AbstractUser | None:
        """Read the person's row, and the account."""
        for key, known_as, user in _rows(ACCOUNT, consumer_key, lti_user_id):
            if (key, known_as) == (consumer_key, lti_user_id):
                return _living([user]).get(user)
        return None

    def accounts(self, consumer_key: str) -> Iterator[tuple[str, AbstractUser]]:
        """Read people and their accounts in batches."""
        last = 0
        while rows := _rows(ACCOUNTS, consumer_key, last):
            users = _living([user for _, _, user, _ in rows])
            yield from (
                (known_as, users[user]) for key, known_as, user, _ in rows if key == consumer_key and user in users
            )
            last = rows[-1][3]


def _living(pks: list[int]) -> dict[int, AbstractUser]:
    """Return accounts, without those that the LMS is retiring or has retired, whose rows it keeps."""
    retired = OpenEdxRetirement().under_way(pks)
    return dict(get_user_model().objects.exclude(pk__in=retired).in_bulk(pks))


_there: list[bool] = []  # once the tables are there they stay, and to list all tables takes long


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return what a query finds; nothing if the tables were never made."""
    connection = connections[DEFAULT_DB_ALIAS]
    with connection.cursor() as cursor:
        if not _there and TABLES.issubset(connection.introspection.table_names(cursor)):
            _there.append(True)
        if not _there:
            return []
        cursor.execute(sql, values)
        return list(cursor.fetchall())
