"""Refuses to migrate while another plugin's tables are in the place of ours, before anything is changed.

Without it Django would take the other plugin's first migration for ours, begin with our second, and fail half-way;
MySQL undoes nothing of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import pre_migrate

from lti_1p3_provider.moving_in.found import LABEL, PREFIX, look

BACKEND = "lti_1p3_provider.auth.Lti1p3AuthenticationBackend"  # in the other plugin's settings
HINT = (
    "Nothing was migrated and nothing is lost. Look with 'lti_1p3_move_in inspect', then run 'lti_1p3_move_in prepare "
    "--yes', migrate again, and 'lti_1p3_move_in import --yes'. See docs/how-to/move-in.md."
)


def connect() -> None:
    """Check before each ``migrate``, even one that skips the system checks. Connecting twice has no further effect."""
    pre_migrate.connect(refuse, dispatch_uid="lti_1p3_provider.moving_in")


def refuse(using: str, plan: Sequence[tuple[Any, bool]] = (), **kwargs: Any) -> None:
    """Receive Django's signal, which is sent for each app before anything is migrated.

    Raises:
        CommandError: our migrations are about to run, and another plugin's tables are there.
    """
    require(connections[using], plan)


def require(connection: BaseDatabaseWrapper, plan: Sequence[tuple[Any, bool]]) -> None:
    """Return if what is about to run does no harm. It is given the migrations, and whether each runs backwards.

    Raises:
        CommandError: our migrations are about to run, and another plugin's tables are there.
    """
    is_ours = any(migration.app_label == LABEL and not backwards for migration, backwards in plan)
    if is_ours and (found := problem(connection)):
        raise CommandError(f"{found} {HINT}")


def problem(connection: BaseDatabaseWrapper) -> str:
    """Return a sentence if another plugin's tables or migrations are in our place, empty if not."""
    found = look(connection)
    if not found.is_in_our_way:
        return ""
    there = ", ".join(PREFIX + name for name in found.in_place) or "only the record of its migrations"
    return f"Another LTI 1.3 plugin that calls itself {LABEL}, too, was installed here; its tables are there: {there}."
