"""The outline of the demo's first course, as an earlier launch left it: built by the app the first time, later only as
rows. A first launch reads the course to build it, which takes as long as everything else of that launch."""

from __future__ import annotations

from typing import Any

from django.db import connection
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock
from lti_1p3_provider.outline.rebuild import rebuild
from tests.connection import COURSE

Rows = list[tuple[Any, ...]]
_known: dict[str | None, list[Rows]] = {}  # what was built, by the course's version


def build() -> None:
    """Have it in the database, unless there are outlines already. Of one version it is always the same rows."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in (CourseOutline, OutlineBlock)]
    version = host.current().courses.published_version(CourseKey.from_string(COURSE))
    with connection.cursor() as cursor:
        if _rows(cursor, tables[0]):
            return
        if version not in _known:
            rebuild(CourseKey.from_string(COURSE))
            _known[version] = [_rows(cursor, table) for table in tables]
            return
        for table, rows in zip(tables, _known[version], strict=True):
            places = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608


def _rows(cursor: Any, table: str) -> Rows:
    cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
    return [tuple(row) for row in cursor.fetchall()]
