"""Records a request's SQL, and tells a side's own queries from those that any signed-in request of the LMS makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# The framework's and the host's: sessions, accounts, and the stand-in for the LMS's UserProfile.
NOT_OURS = {"django_session", "auth_user", "demo_lms_profile"}
TABLE = re.compile(r"""\b(?:FROM|JOIN|INTO|UPDATE)\s+[`"](\w+)[`"]""", re.IGNORECASE)

Query = tuple[str, Any]  # SQL and its parameters


@contextmanager
def recorded() -> Iterator[list[Query]]:
    """Collect what is sent to the database meanwhile."""
    queries: list[Query] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        queries.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield queries


def own(queries: list[Query]) -> list[Query]:
    """Leave out transaction control, and what touches only the tables in ``NOT_OURS``."""
    return [query for query in queries if set(TABLE.findall(query[0])) - NOT_OURS]


def brief(sql: str) -> str:
    """Shorten a query for reading: the columns that a SELECT returns, the values of an INSERT, and long lists."""
    sql = re.sub(r"^SELECT .*? FROM ", "SELECT ... FROM ", sql.replace("`", "").replace('"', ""))
    sql = re.sub(r"\(%s(?:, %s){3,}\)", "(%s, ...)", sql)
    return re.sub(r"\) VALUES .*$", ") VALUES ...", sql)
