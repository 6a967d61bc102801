"""The full-text index of titles' words, on databases that have one. SQLite has none that fits."""

from __future__ import annotations

from typing import Any

TABLE, INDEX = "lti_1p3_provider_outlineblock", "lti1p3_outline_words"
MAKE = {
    "mysql": f"CREATE FULLTEXT INDEX {INDEX} ON {TABLE} (words)",
    "postgresql": f"CREATE INDEX {INDEX} ON {TABLE} USING gin (array_to_tsvector(string_to_array(words, ' ')))",
}
DROP = {"mysql": f"DROP INDEX {INDEX} ON {TABLE}", "postgresql": f"DROP INDEX {INDEX}"}


def make(connection: Any) -> None:
    """Make the index. With a million titles this takes a minute."""
    _run(MAKE, connection)


def drop(connection: Any) -> None:
    """Drop the index. Filling the whole table is faster without it."""
    _run(DROP, connection)


def _run(statements: dict[str, str], connection: Any) -> None:
    if statement := statements.get(connection.vendor):
        with connection.cursor() as cursor:
            cursor.execute(statement)
