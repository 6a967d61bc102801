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
from tests.registered import copied

TABLE = OutlineBlock._meta.db_table
COLUMNS = [one.column for one in OutlineBlock._meta.concrete_fields if one.column not in ("id", "outline_id")]
Rows = list[tuple[Any, ...]]
_known: dict[str | None, tuple[CourseOutline, Rows]] = {}  # what was built, by the course's version


def build() -> None:
    """Have it in the database, unless there are outlines already."""
    if CourseOutline.objects.exists():
        return
    version = host.current().courses.published_version(CourseKey.from_string(COURSE))
    columns = ", ".join(connection.ops.quote_name(name) for name in COLUMNS)
    with connection.cursor() as cursor:
        if version not in _known:
            rebuild(CourseKey.from_string(COURSE))
            cursor.execute(f"SELECT {columns} FROM {TABLE}")  # noqa: S608
            _known[version] = CourseOutline.objects.get(), cursor.fetchall()
            return
        row, blocks = _known[version]
        again = copied(row).pk  # a process may remember the other one's
        places = ", ".join(["%s"] * (len(COLUMNS) + 1))
        insert = f"INSERT INTO {TABLE} (outline_id, {columns}) VALUES ({places})"  # noqa: S608
        cursor.executemany(insert, [(again, *block) for block in blocks])
