"""Scores that wait, were sent or were given up, with a resend; and a page about how each platform takes scores."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outcomes, wake
from lti_1p3_provider.scores.querysets import PendingScoreQuerySet, State
from lti_1p3_provider.scores.reasons import NOT_OF_SCORES, Reason
from lti_1p3_provider.scores.status import overview, wording
from lti_1p3_provider.scores.status.chart import picture
from lti_1p3_provider.scores.status.sentence import points
from lti_1p3_provider.web.read_only import ReadOnly

PAGE = "lti_1p3_provider_registration_scores"


class GivenUpFilter(admin.SimpleListFilter):
    """Rows that wait for a person."""

    title = _("given up")
    parameter_name = "given_up"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer one choice, beside "all"."""
        return [("yes", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list if that was chosen."""
        return queryset.given_up() if self.value() == "yes" else queryset


class ReasonFilter(admin.SimpleListFilter):
    """Rows whose last answer has this reason."""

    title = _("last answer")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer all reasons that a score may have."""
        return [(one.value, one.label) for one in Reason if one not in NOT_OF_SCORES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list if one was chosen."""
        return queryset.filter(reason=self.value()) if self.value() else queryset


class DifferentFilter(admin.SimpleListFilter):
    """Rows for which the platform shows another score than it was sent."""

    title = _("what the platform shows")
    parameter_name = "shows"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer one choice."""
        return [("different", _("another score than it was sent"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Narrow the list if that was chosen."""
        return queryset.different() if self.value() == "different" else queryset


@admin.register(PendingScore)
class PendingScoreAdmin(ReadOnly, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only, except for resending. Launches make rows, the outbox writes them, and deleting one would lose a
    score."""

    list_display = ("block", "platform_user", "state", "sent_given", "sent_maximum", "sent_at", "answer", "shows")
    list_filter = (
        GivenUpFilter,
        ReasonFilter,
        ("due_at", admin.EmptyFieldListFilter),
        DifferentFilter,
        "platform_user__registration",
    )
    list_select_related = ("platform_user", "registration")
    search_fields = ("=platform_user__user__username", "usage_key")
    actions = ("resend", "read_back")

    @admin.display(description=_("block"))
    def block(self, row: PendingScore) -> str:
        """What was graded."""
        return row.usage_key

    @admin.display(description=_("state"))
    def state(self, row: PendingScore) -> str:
        """Where the score is, in a word."""
        code = row.why.code if row.why and row.state is State.GIVEN_UP else ""
        return f"{wording.STATES[row.state]}{code and f': {code}'}"

    @admin.display(description=_("last answer"))
    def answer(self, row: PendingScore) -> str:
        """The reason of the state, with the platform's status and its own words."""
        return wording.in_full(row)

    @admin.display(description=_("the platform shows"), empty_value="-")
    def shows(self, row: PendingScore) -> str | None:
        """What the platform showed when it was asked."""
        if row.result_at is None:
            return None
        shown = points(row.result_given, row.result_maximum) or _("nothing")
        return str(_("differs: %s") % shown if row.differs else shown)

    @admin.action(permissions=["resend"], description=_("Send the current grades of the selected rows"))
    def resend(self, request: HttpRequest, rows: PendingScoreQuerySet) -> None:
        """Make the rows due that have a column, even if the platform has this grade already."""
        changed = outcomes.send_anew(rows.with_column())
        wake.nudge(0)
        self.message_user(request, ngettext("%s score will be sent.", "%s scores will be sent.", changed) % changed)

    @admin.action(permissions=["resend"], description=_("Ask the platform what it shows of the selected rows"))
    def read_back(self, request: HttpRequest, rows: PendingScoreQuerySet) -> None:
        """Have a worker do it for those that have a column."""
        pks = list(rows.with_column().values_list("pk", flat=True))
        wake.read_back_later(pks)
        said = ngettext(
            "%s result is being read. Load the list again in a minute.",
            "%s results are being read. Load the list again in a minute.",
            len(pks),
        )
        self.message_user(request, said % len(pks))

    def get_urls(self) -> list[URLPattern]:
        """Add the page of a registration."""
        view = self.admin_site.admin_view(self.registration_scores)
        return [path("registration/<int:pk>/", view, name=PAGE), *super().get_urls()]

    def registration_scores(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show how a platform takes scores."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        registration = get_object_or_404(Registration, pk=pk)
        found = overview.of_registration(registration)
        page = {
            **self.admin_site.each_context(request),
            "title": _("Scores"),
            "subtitle": registration.title,
            "opts": self.model._meta,
            "overview": found,
            "bars": picture(found.days),
        }
        return render(request, "lti_1p3_provider/registration_scores.html", page)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Resending is a change, though rows are not edited."""
        return admin.ModelAdmin.has_change_permission(self, request)
