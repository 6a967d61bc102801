"""The admin of rows that people look at and nobody edits: launches, workers and changes write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as Base
else:
    Base = object


class ReadOnly(Base):  # type: ignore[type-arg]
    """Part of a ``ModelAdmin``, named before it. Its rows can be seen, and neither added, changed nor deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes one: what writes the rows also drops them."""
        return False
