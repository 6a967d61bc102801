"""The full-text index of titles' words, where the database has one. SQLite has none that ours could be."""

from __future__ import annotations

from typing import Any

TABLE, INDEX = "lti_1p3_provider_outlineblock", "lti1p3_outline_words"
MAKE = {
    "mysql": f"CREATE FULLTEXT INDEX {INDEX} ON {TABLE} (words)",
    "postgresql": f"CREATE INDEX {INDEX} ON {TABLE} USING gin (array_to_tsvector(string_to_array(words, ' ')))",
}
DROP = {"mysql": f"DROP INDEX {INDEX} ON {TABLE}", "postgresql": f"DROP INDEX {INDEX}"}


def make(connection: Any) -> None:
    """Make the index of a database. With a million titles it takes a minute."""
    _run(MAKE, connection)


def drop(connection: Any) -> None:
    """Drop it; whoever fills the table as a whole is faster without."""
    _run(DROP, connection)


def _run(statements: dict[str, str], connection: Any) -> None:
    if statement := statements.get(connection.vendor):
        with connection.cursor() as cursor:
            cursor.execute(statement)
