"""The doctor in the admin: a page about this site, and one about each registration. The registration's page says what
rosters did, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.diagnostics.verdict import Verdict
from lti_1p3_provider.doctor import connection, site, together
from lti_1p3_provider.doctor.findings import Finding
from lti_1p3_provider.memberships import words
from lti_1p3_provider.onboarding.admin import RegistrationAdmin
from lti_1p3_provider.registrations.models import Registration

SITE, CONNECTION = "lti_1p3_provider_doctor", "lti_1p3_provider_registration_doctor"


@admin.register(Registration)
class ExaminedRegistrationAdmin(RegistrationAdmin):
    """The registration page, with buttons for the doctor. The doctor asks the platform, so it works only by POST."""

    change_list_template = "lti_1p3_provider/registrations.html"
    change_form_template = "lti_1p3_provider/registration.html"
    within = together.WITHIN

    def get_readonly_fields(self, request: HttpRequest, obj: Registration | None = None) -> tuple[str, ...]:
        """Add what rosters did."""
        return (*super().get_readonly_fields(request, obj), "done_ahead")

    def get_fieldsets(self, request: HttpRequest, obj: Registration | None = None) -> Any:
        """Add that above what is rarely needed."""
        *usual, rare = super().get_fieldsets(request, obj)
        return [*usual, (_("Before people come"), {"fields": ("done_ahead", "ahead_way")}), rare]

    def get_urls(self) -> list[URLPattern]:
        """Add the doctor's pages."""
        return [
            path("examine/", self.admin_site.admin_view(self.examine_site), name=SITE),
            path("<int:pk>/examine/", self.admin_site.admin_view(self.examine), name=CONNECTION),
            *super().get_urls(),
        ]

    @admin.display(description=_("accounts and enrolments"))
    def done_ahead(self, row: Registration | None) -> str:
        """What is done for people before they come, and what was done."""
        return words.of_registration(row if row and row.pk else None)

    @transaction.non_atomic_requests  # no lock is held while platforms are asked, and other threads do that
    def examine_site(self, request: HttpRequest) -> HttpResponse:
        """Examine this site."""
        return self._page(request, gettext("This site"), site.examine)

    @transaction.non_atomic_requests
    def examine(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Examine a registration and its platform."""
        registration = get_object_or_404(Registration.objects.select_related("gate"), pk=pk)
        return self._page(request, registration.title, partial(connection.examine, registration), registration)

    def _page(
        self,
        request: HttpRequest,
        subtitle: str,
        examination: Callable[[], Iterable[Finding]],
        registration: Registration | None = None,
    ) -> HttpResponse:
        if not self.has_view_permission(request, registration):
            raise PermissionDenied
        found = next(together.examine({subtitle: examination}, self.within))[1] if request.method == "POST" else None
        page = {
            **self.admin_site.each_context(request),
            "title": gettext("Examine"),
            "subtitle": subtitle,
            "opts": self.model._meta,
            "registration": registration,
            "found": found,
            "wrong": sum(one.verdict is Verdict.WRONG for one in found or ()),
        }
        return render(request, "lti_1p3_provider/doctor.html", page)
