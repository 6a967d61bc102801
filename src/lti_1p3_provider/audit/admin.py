"""The trail in the admin: read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.database.searching import StorableSearch


@admin.register(Change)
class ChangeAdmin(StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what, when, and what it was before."""

    list_display = ("at", "actor", "kind", "action", "name", "org")
    list_filter = ("action", "kind", "way")
    list_select_related = ("actor",)
    search_fields = ("name", "=org", "=registration_pk", "=actor__username")
    date_hierarchy = "at"
    fields = (*list_display, "way", "registration_pk", "before", "after")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only changes make rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A trail with holes is none."""
        return False
