"""What became of people whom platforms named as people of LTI 1.1."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.users.models import LegacyMatch
from lti_1p3_provider.web.read_only import ReadOnly


@admin.register(LegacyMatch)
class LegacyMatchAdmin(ReadOnly, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who kept an account of LTI 1.1, and who did not and why. Read only: two accounts are never merged, an operator
    decides."""

    list_display = ("person", "registration", "outcome", "now", "account", "consumer_key", "at")
    list_filter = ("outcome", "platform_user__registration")
    list_select_related = ("platform_user__registration", "platform_user__user", "account")
    search_fields = ("=consumer_key", "=account__username", "=platform_user__user__username")
    search_help_text = _("An LTI 1.1 key, or a username here, exactly.")
    fields = readonly_fields = list_display

    @admin.display(description=_("person"), ordering="platform_user")
    def person(self, row: LegacyMatch) -> str:
        """A link to the person."""
        url = reverse("admin:lti_1p3_provider_platformuser_change", args=[row.platform_user_id])
        return format_html('<a href="{}">{}</a>', url, row.platform_user)

    @admin.display(description=_("registration"), ordering="platform_user__registration__title")
    def registration(self, row: LegacyMatch) -> Registration:
        """The registration that the person belongs to."""
        return row.platform_user.registration

    @admin.display(description=_("account now"), ordering="platform_user__user__username")
    def now(self, row: LegacyMatch) -> str:
        """The account that the person signs in to."""
        return str(row.platform_user.user)
