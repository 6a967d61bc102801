"""Launch attempts, found by support code."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.errors import meaning_of
from lti_1p3_provider.web.read_only import ReadOnly


@admin.register(LaunchAttempt)
class LaunchAttemptAdmin(ReadOnly, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only: launches write attempts, and the clean-up drops old ones."""

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
        return meaning_of(row.outcome)

    @admin.display(description=_("steps passed"))
    def passed_steps(self, row: LaunchAttempt) -> str:
        """The steps, in order; the attempt ended after the last."""
        return " → ".join(row.steps) or "-"
