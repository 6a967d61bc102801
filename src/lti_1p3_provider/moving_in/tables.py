"""Rows of tables whose code is gone, as dictionaries of the columns that exist."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from lti_1p3_provider.moving_in.found import ASIDE_PREFIX, PREFIX, columns

BATCH = 500
Row = Mapping[str, Any]


class Tables:
    """Reads one database. A table of the other plugin is found under its old name and under the one that it has when
    set aside."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        with connection.cursor() as cursor:
            self._there = set(connection.introspection.table_names(cursor))

    def named(self, name: str) -> str:
        """Return the full name of a table of the other plugin, empty if there is none. (Our table of gates has the same
        name as theirs, but no column for the tool.)"""
        if ASIDE_PREFIX + name in self._there:
            return ASIDE_PREFIX + name
        found = self.other(PREFIX + name)
        is_ours = found == f"{PREFIX}launchgate" and "tool_id" not in columns(self._connection, found)
        return "" if is_ours else found

    def other(self, name: str) -> str:
        """Return the name of a table, empty if there is none."""
        return name if name in self._there else ""

    def rows(self, table: str) -> Iterator[Row]:
        """Yield all rows by primary key, in batches; none if the table does not exist."""
        if not table:
            return
        names = sorted(columns(self._connection, table))
        quote = self._connection.ops.quote_name
        listed, key, last = ", ".join(map(quote, names)), quote("id"), 0
        select = f"SELECT {listed} FROM {quote(table)} WHERE {key} > %s ORDER BY {key} LIMIT {BATCH}"
        while True:
            with self._connection.cursor() as cursor:
                cursor.execute(select, [last])
                found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            yield from found
            if len(found) < BATCH:
                return
            last = found[-1]["id"]


def parsed(value: Any) -> Any:
    """Return what a JSON column holds, whether or not the database parses it; None if it is not JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def texts(value: Any) -> list[str]:
    """Return the members of a JSON list as texts: some ids are numbers there."""
    found = parsed(value)
    return [str(item) for item in found if isinstance(item, str | int)] if isinstance(found, list) else []
