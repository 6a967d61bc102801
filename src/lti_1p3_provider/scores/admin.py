"""Scores that wait, were sent or were given up, with a resend."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.scores import outbox
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.nudge import nudge


@admin.register(PendingScore)
class PendingScoreAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only, but for resending."""

    list_display = ("block", "platform_user", "state", "sent_given", "sent_maximum", "sent_at", "last_answer")
    list_filter = ("parked", ("due_at", admin.EmptyFieldListFilter), "platform_user__registration")
    list_select_related = ("line_item", "platform_user")
    search_fields = ("=platform_user__user__username", "line_item__usage_key")
    actions = ("resend",)

    @admin.display(description=_("block"))
    def block(self, row: PendingScore) -> str:
        """What was graded."""
        return row.line_item.usage_key

    @admin.display(description=_("state"))
    def state(self, row: PendingScore) -> str:
        """Where the score is, in a word."""
        if row.parked:
            return str(_("given up: %s")) % row.parked
        if row.due_at:
            return str(_("will be sent again") if row.attempts else _("will be sent"))
        if row.sent_at:
            return str(_("sent"))
        return str(_("not sent: see the last answer") if row.last_answer else _("nothing to send yet"))

    @admin.action(permissions=["resend"], description=_("Send the current grades of the selected rows"))
    def resend(self, request: HttpRequest, rows: QuerySet[PendingScore]) -> None:
        """Make the rows due, also where the platform has this grade already."""
        changed = outbox.send_anew(rows)
        nudge(0)
        self.message_user(request, str(_("%s scores will be sent.")) % changed)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Resending is a change, though rows are not edited."""
        return super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A deleted row would be a lost score."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only launches make rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are the outbox's."""
        return False
