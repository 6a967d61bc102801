"""The trail in the admin: read only."""

from __future__ import annotations

from django.contrib import admin

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.web.read_only import ReadOnly


@admin.register(Change)
class ChangeAdmin(ReadOnly, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who did what, when, and what it was before. A trail with holes would be worthless, so nobody edits it."""

    list_display = ("at", "actor", "kind", "action", "name", "org")
    list_filter = ("action", "kind", "way")
    list_select_related = ("actor",)
    search_fields = ("name", "=org", "=registration_pk", "=actor__username")
    date_hierarchy = "at"
    fields = (*list_display, "way", "registration_pk", "before", "after")
    readonly_fields = fields
