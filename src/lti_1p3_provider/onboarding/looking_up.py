"""Looks up the hosts of a registration that was just saved in the admin, outside of any transaction."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from lti_1p3_provider.onboarding import hosts
from lti_1p3_provider.registrations.models import Registration

SAVED = "_lti_1p3_saved"  # on the request


class LooksUpHosts(admin.ModelAdmin):  # type: ignore[type-arg]
    """Looking up names takes seconds, and nothing must be locked meanwhile. Django saves in a transaction, so it
    happens after that."""

    def to_look_up(self, request: HttpRequest, row: Registration) -> None:
        """Have the registration's hosts looked up once it is stored."""
        setattr(request, SAVED, row)

    @transaction.non_atomic_requests
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Add one, then look up its hosts."""
        return self._looked_up(request, super().add_view(request, form_url, extra_context))

    @transaction.non_atomic_requests
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Change one, then look up its hosts."""
        return self._looked_up(request, super().change_view(request, object_id, form_url, extra_context))

    def _looked_up(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Say which hosts would not be called."""
        saved: Registration | None = getattr(request, SAVED, None)
        for doubt in hosts.doubts(saved) if saved else ():
            self.message_user(request, str(doubt), messages.WARNING)
        return response
