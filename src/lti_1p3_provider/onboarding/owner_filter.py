"""A filter of the list of registrations by owner."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.registrations.models import Registration


class OwnerFilter(admin.SimpleListFilter):
    """The site's own, or organizations'."""

    title = _("whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("site", _("The site's own")), ("organizations", _("Organizations'"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        """Keep what was chosen."""
        if self.value() not in ("site", "organizations"):
            return queryset
        return queryset.filter(org="") if self.value() == "site" else queryset.exclude(org="")
