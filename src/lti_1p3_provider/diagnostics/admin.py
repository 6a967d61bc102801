"""Launch attempts, found by support code."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.errors import LtiError, causes


@admin.register(LaunchAttempt)
class LaunchAttemptAdmin(StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only: a record is not edited."""

    list_display = ("support_code", "outcome", "created_at", "registration", "door", "detail")
    list_filter = ("outcome", "door", "registration")
    search_fields = ("support_code", "=subject_digest", "target")
    list_select_related = ("registration",)
    date_hierarchy = "created_at"
    fields = (
        *("support_code", "created_at", "outcome", "explanation", "detail", "passed_steps", "door"),
        *("registration", "deployment", "target", "subject_digest"),
    )
    readonly_fields = fields

    @admin.display(description=_("what it means"))
    def explanation(self, row: LaunchAttempt) -> str:
        """The cause in plain words."""
        if row.outcome == OK:
            return str(_("It succeeded."))
        return str(causes().get(row.outcome, LtiError).__doc__).replace("``", "")

    @admin.display(description=_("steps passed"))
    def passed_steps(self, row: LaunchAttempt) -> str:
        """The steps, in order; the attempt ended after the last."""
        return " → ".join(row.steps) or "-"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Old records go by themselves."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only launches make attempts."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A record is not edited."""
        return False
