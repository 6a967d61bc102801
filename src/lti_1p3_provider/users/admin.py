"""People of platforms and their accounts here, found by ``sub``."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.registrations.models import COURSE_ROLES
from lti_1p3_provider.users import given
from lti_1p3_provider.users.models import PlatformUser
from lti_1p3_provider.web.read_only import ReadOnly


class PlatformUserAdmin(ReadOnly, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only: only launches make platform users. ``people.admin`` registers it, with what can be done about
    people."""

    list_display = ("sub", "registration", "user", "created_at")
    list_filter = ("registration",)
    list_select_related = ("registration", "user")
    search_fields = ("=user__username",)
    search_help_text = "The platform's 'sub', exactly as it shows it, or the username here."
    fields = readonly_fields = ("sub", "registration", "user", "created_at", "roles")

    @admin.display(description=_("roles in courses, by launches"))
    def roles(self, row: PlatformUser) -> str:
        """The roles that launches of any platform gave to the account."""
        names, gone = dict(COURSE_ROLES), _("a deployment that was deleted")
        said = (
            (one.course_key, names.get(one.role, one.role), one.deployment or gone, date_format(one.given_at))
            for one in given.to(row.user_id)
        )
        return format_html_join(mark_safe("<br>"), "{}: {} ({}, {})", said) or str(_("none"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PlatformUser], search_term: str
    ) -> tuple[QuerySet[PlatformUser], bool]:
        """A ``sub`` is found by its digest, so it must match exactly; it may contain spaces."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        return (found | queryset.filter(sub_digest=digest(search_term)) if search_term else found), duplicates
