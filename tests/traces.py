"""What an attempt leaves behind, and whether an answer is a page that a person can read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import requests
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from demo.lms.models import Profile
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.users.models import Grant, PlatformUser
from tests.remembered import used_marks

TABLES = (
    *(get_user_model(), Profile, Session, PlatformUser, Grant, Context, ResourceLink, LineItem, PendingScore),
    *(Registration, Deployment),
)
SUPPORT_CODE = re.compile(r'<span class="code">([2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4})</span>')


def stored(tables: Iterable[type[Model]] = TABLES) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of these tables, as the database has them: of all that a launch may write, but for the record of
    attempts.

    Properties ask for each example, and for Django to build the queries takes as long as a launch.
    """
    with connection.cursor() as cursor:
        return {table.__name__: _rows(cursor, table._meta.db_table) for table in tables}


def _rows(cursor: CursorWrapper, table: str) -> list[tuple[object, ...]]:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
    return sorted(cursor.fetchall(), key=repr)


def nobody_came() -> bool:
    """Tell whether launches have stored nothing at all, besides their attempts."""
    return not any(rows for name, rows in stored().items() if name not in ("Registration", "Deployment"))


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Check that the block leaves nothing but at most one attempt."""
    before, marks, attempts = stored(), used_marks(), LaunchAttempt.objects.count()
    yield
    assert stored() == before
    assert used_marks() == marks
    assert LaunchAttempt.objects.count() - attempts in (0, 1)


def refusal(response: requests.Response, *, statuses: range = range(400, 500)) -> str:
    """Check that this is a refusal's page which signs nobody in; return the error's code."""
    assert response.status_code in statuses, (response.status_code, response.text[:500])
    assert SUPPORT_CODE.search(response.text), response.text[:500]
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sessionid" not in response.cookies
    return re.search(r"Error: ([a-z0-9_]+)</p>", response.text)[1]
