"""The tool keys' pages. They show only states: a private key goes in and never comes out. What a change means for
platforms is said before it is made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from lti_1p3_provider.audit.models import Change as Noted
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.registrations import key_notes, keys
from lti_1p3_provider.registrations.key_form import ToolKeyForm
from lti_1p3_provider.registrations.models import Registration, ToolKey
from lti_1p3_provider.registrations.redeploy import Change, Consequences, consequences

LIST = "admin:lti_1p3_provider_toolkey_changelist"
EXPLAIN = "lti_1p3_provider_toolkey_explain"
EXPLAINED = (Change.ROTATE, Change.ADDRESS)  # pages without a selection
MAX_SELECTED = 50
CONFIRMED = "confirmed"


@admin.register(ToolKey)
@method_decorator(sensitive_post_parameters("pem"), name="changeform_view")
class ToolKeyAdmin(StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Create, rotate, retire."""

    form = ToolKeyForm
    change_list_template = "lti_1p3_provider/tool_keys.html"
    list_display = ("kid", "whose", "status", "created_at", "published_until")
    list_select_related = ("registration",)
    readonly_fields = ("kid", "whose", "status", "created_at", "published_until", "means")
    actions = ("rotate", "retire")

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that only explain."""
        page = self.admin_site.admin_view(self.explain)
        return [path("explain/<slug:change>/", page, name=EXPLAIN), *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: ToolKey | None = None) -> tuple[str, ...]:
        """Show a form for a new key, and facts for one that exists."""
        return self.readonly_fields[:-1] if obj else ("registration", "pem", "kid", "means")

    def get_readonly_fields(self, request: HttpRequest, obj: ToolKey | None = None) -> tuple[str, ...]:
        """Let a new key's name be entered."""
        return self.readonly_fields if obj else ("means",)

    @admin.display(description=_("signs for"))
    def whose(self, row: ToolKey) -> str:
        """The registration that it belongs to, or all others."""
        return str(row.registration or _("all that have no key of their own"))

    @admin.display(description=_("what it means"))
    def means(self, row: ToolKey) -> SafeString:
        """What follows for platforms, and who has to act, after a key is added."""
        return render_to_string("lti_1p3_provider/key_tasks.html", {"meaning": consequences(Change.ROTATE)})

    def has_change_permission(self, request: HttpRequest, obj: ToolKey | None = None) -> bool:
        """A key never changes; the list keeps its actions."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ToolKey | None = None) -> bool:
        """Keys are retired, not deleted: the record of what was published stays."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Only note the new key, which the form has stored already, and the keys that it replaces."""
        key_notes.note(_author(request), form.known_before, [obj.registration])

    @admin.action(
        permissions=["change"],
        description=_("Rotate: make a new signing key in place of the selected ones, which stay published for a while"),
    )
    def rotate(self, request: HttpRequest, rows: QuerySet[ToolKey]) -> HttpResponse | None:
        """Rotate the keys of the owners of the selected keys, after a page that says what it means."""
        if request.POST.get(CONFIRMED) != "yes":
            return self._before(request, rows, Change.ROTATE, _("Rotate now"))
        owners = _owners(rows)
        with key_notes.noted(_author(request), owners):
            for owner in owners:
                key = keys.rotate(owner, at_once=bool(owner) and request.POST.get("at_once") == "yes")
                self.message_user(request, gettext("%s is the signing key now.") % key.kid)
        return None

    @admin.action(permissions=["change"], description=_("Retire: stop publishing the selected keys now"))
    def retire(self, request: HttpRequest, rows: QuerySet[ToolKey]) -> HttpResponse | None:
        """Retire one by one, after a page that says what it means; the last signing key stays."""
        if request.POST.get(CONFIRMED) != "yes":
            return self._before(request, rows, Change.RETIRE, _("Retire now"))
        with key_notes.noted(_author(request), _owners(rows)):
            for row in rows.select_related("registration")[:MAX_SELECTED]:
                try:
                    keys.retire(row.kid, row.registration)
                except KeyInvalid as error:
                    self.message_user(request, f"{row.kid}: {error.detail}", messages.ERROR)
        return None

    def explain(self, request: HttpRequest, change: str) -> HttpResponse:
        """Say what a change means without making it here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if change not in EXPLAINED:
            raise Http404
        return self._page(request, [consequences(Change(change))], {"title": _("Before keys or their address change")})

    def _before(self, request: HttpRequest, rows: QuerySet[ToolKey], change: Change, button: Any) -> HttpResponse:
        owners = _owners(rows)
        more = {
            "title": _("Before the keys change"),
            "button": button,
            "hidden": [
                ("action", change.value),
                (CONFIRMED, "yes"),
                *((helpers.ACTION_CHECKBOX_NAME, pk) for pk in rows.values_list("pk", flat=True)[:MAX_SELECTED]),
            ],
            "asks_at_once": change is Change.ROTATE and any(owners),
        }
        return self._page(request, [consequences(change, owner) for owner in owners], more)

    def _page(self, request: HttpRequest, meanings: list[Consequences], more: dict[str, Any]) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "list_url": LIST,
            "meanings": meanings,
            **more,
        }
        return render(request, "lti_1p3_provider/key_change.html", page)


def _author(request: HttpRequest) -> Author:
    return Author(request.user, Noted.Way.ADMIN)


def _owners(rows: QuerySet[ToolKey]) -> list[Registration | None]:
    """Return the owners of the keys, each once; None stands for the site."""
    return list(dict.fromkeys(row.registration for row in rows.select_related("registration")[:MAX_SELECTED]))
