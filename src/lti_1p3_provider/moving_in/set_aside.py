"""Renames the other plugin's tables and the rows that record its migrations, and back.

Each step first looks at what is there, so that an interrupted run goes on where it stopped: MySQL cannot undo a
renaming.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from lti_1p3_provider.errors import MoveInRefused
from lti_1p3_provider.moving_in.found import ASIDE, ASIDE_PREFIX, LABEL, PREFIX, Found, look

MOVE_MIGRATION = "UPDATE django_migrations SET app = %s WHERE app = %s AND name = %s"


def steps(found: Found) -> list[str]:
    """Return what ``prepare`` would do, one sentence for each step."""
    return [
        *(f"drop the empty table {PREFIX}{name}, which a failed migration left" for name in found.leftovers),
        *(f"rename the table {PREFIX}{name} to {ASIDE_PREFIX}{name}" for name in found.in_place),
        *(f"record the migration {name} under {ASIDE} instead of {LABEL}" for name in found.migrations),
    ]


def prepare(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Set the other plugin's tables aside; yield a sentence after each step. If there is nothing to do, yield nothing.

    Raises:
        MoveInRefused: a table is there already under the new name, or one that a failed migration left has rows.
    """
    found = look(connection)
    if twice := set(found.in_place) & set(found.aside):
        raise MoveInRefused(f"{ASIDE_PREFIX}{min(twice)} is there already: rename or drop it first")
    _require_empty(connection, found)
    done = iter(steps(found))
    with connection.constraint_checks_disabled():
        for name in found.leftovers:
            _execute(connection, f"DROP TABLE {_quoted(connection, PREFIX + name)}")
            yield next(done)
    for name in found.in_place:
        _rename(connection, PREFIX + name, ASIDE_PREFIX + name)
        yield next(done)
    for name in found.migrations:
        _execute(connection, MOVE_MIGRATION, ASIDE, LABEL, name)
        yield next(done)


def undo(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Put the other plugin's tables back; yield a sentence after each step.

    Raises:
        MoveInRefused: our tables are there: they have the same names.
    """
    found = look(connection)
    if found.ours:
        raise MoveInRefused("our tables are there: first undo them with 'migrate lti_1p3_provider zero'")
    for name in found.aside:
        _rename(connection, ASIDE_PREFIX + name, PREFIX + name)
        yield f"renamed the table {ASIDE_PREFIX}{name} to {PREFIX}{name}"
    for name in found.aside_migrations:
        _execute(connection, MOVE_MIGRATION, LABEL, ASIDE, name)
        yield f"recorded the migration {name} under {LABEL} again"


def drop(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Delete what was set aside, for good; yield a sentence after each step."""
    found = look(connection)
    with connection.constraint_checks_disabled():
        for name in found.aside:
            _execute(connection, f"DROP TABLE {_quoted(connection, ASIDE_PREFIX + name)}")
            yield f"dropped the table {ASIDE_PREFIX}{name}"
    if found.aside_migrations:
        _execute(connection, "DELETE FROM django_migrations WHERE app = %s", ASIDE)
        yield f"forgot the migrations of {ASIDE}"


def _require_empty(connection: BaseDatabaseWrapper, found: Found) -> None:
    for name in found.leftovers:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {_quoted(connection, PREFIX + name)} LIMIT 1")
            if cursor.fetchone():
                raise MoveInRefused(f"{PREFIX}{name} belongs to no applied migration and has rows: ask for help first")


def _rename(connection: BaseDatabaseWrapper, old: str, new: str) -> None:
    _execute(connection, f"ALTER TABLE {_quoted(connection, old)} RENAME TO {_quoted(connection, new)}")


def _execute(connection: BaseDatabaseWrapper, statement: str, *values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def _quoted(connection: BaseDatabaseWrapper, name: str) -> str:
    return connection.ops.quote_name(name)
