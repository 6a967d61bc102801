"""Whose tables a database has: ours, another plugin's in the place of ours, or another plugin's set aside."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

LABEL = "lti_1p3_provider"  # ours and theirs
ASIDE = "lti_1p3_provider_before"  # the label under which their migrations are kept
PREFIX, ASIDE_PREFIX = f"{LABEL}_", "lti1p3_before_"
THEIRS = ("ltiprofile", "ltigradedresource", "launchgate", "ltitoolorg", "ltikeyorg")
FIRST = "0001_initial"  # theirs has the name of ours
MIGRATIONS = frozenset(
    {
        FIRST,
        "0002_launchgate",
        "0003_auto_20240808_2032",
        "0004_auto_20240822_1832",
        "0004_ltikeyorg",
        "0005_ltiprofile_email",
        "0006_launchgate_block_filter_and_more",
        "0007_launchgate_dl_content_filter_path",
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """``in_place`` and ``aside``: tables by the last part of their names. ``migrations`` and ``aside_migrations``: the
    rows that record theirs. ``ours``: our tables, except those that share a name with the other plugin's. ``is_ours``:
    our first migration was applied, and not just another one of the same name."""

    in_place: tuple[str, ...]
    aside: tuple[str, ...]
    migrations: tuple[str, ...]
    aside_migrations: tuple[str, ...]
    ours: tuple[str, ...]
    is_ours: bool

    @property
    def is_in_our_way(self) -> bool:
        """Whether our migrations must not run."""
        return bool(self.in_place or self.migrations)

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Our tables from a migration that failed: MySQL keeps what was made before the failure."""
        return () if self.is_ours else self.ours


def look(connection: BaseDatabaseWrapper) -> Found:
    """Read the names of tables and migrations, and no rows of the tables."""
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    gate = f"{PREFIX}launchgate"
    in_place = {name for name in THEIRS if PREFIX + name in tables}
    if gate in tables and "tool_id" not in columns(connection, gate):
        in_place.discard("launchgate")
    known = {FIRST: applied(connection, LABEL, tables), ASIDE: applied(connection, ASIDE, tables)}
    ours = {name.removeprefix(PREFIX) for name in tables if name.startswith(PREFIX)} - in_place
    # Ours came first, or their 0001 would be ours: whoever has our registrations and no table of theirs, migrated ours.
    is_ours = FIRST in known[FIRST] and "registration" in ours and not in_place
    migrations = (known[FIRST] & MIGRATIONS) - ({FIRST} if is_ours else set())
    return Found(
        tuple(name for name in THEIRS if name in in_place),
        tuple(name for name in THEIRS if ASIDE_PREFIX + name in tables),
        tuple(sorted(migrations)),
        tuple(sorted(known[ASIDE])),
        tuple(sorted(ours)),
        is_ours,
    )


def columns(connection: BaseDatabaseWrapper, table: str) -> frozenset[str]:
    """Return the names of a table's columns. (Django's introspection parses SQLite's definition of the table.)"""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} WHERE 1 = 0")
        return frozenset(name for name, *_ in cursor.description)


def applied(connection: BaseDatabaseWrapper, label: str, tables: set[str]) -> set[str]:
    """Return the names of the migrations that are recorded under a label."""
    if "django_migrations" not in tables:
        return set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM django_migrations WHERE app = %s", [label])
        return {name for (name,) in cursor.fetchall()}
