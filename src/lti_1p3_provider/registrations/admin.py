"""The tool keys' page: shows states only; a private key goes in and never comes out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note_difference
from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey


class WriteOnlyTextarea(forms.Textarea):
    """Never shows what was entered, not even beside an error."""

    def format_value(self, value: Any) -> None:
        """Show nothing."""


class ToolKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """An empty form makes a key."""

    pem = forms.CharField(
        label=_("Private key"),
        required=False,
        widget=WriteOnlyTextarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Leave empty: a key is made here. Only to bring your own: an unencrypted RSA key in PEM."),
    )

    class Meta:
        model = ToolKey
        fields: tuple[str, ...] = ()

    def clean_pem(self) -> str:
        """Make or import the key now, so that a bad one is a message at its field."""
        pem = str(self.cleaned_data["pem"]).strip()
        try:
            self.instance = keys.import_pem(pem) if pem else keys.generate()
        except KeyInvalid as error:
            raise forms.ValidationError(error.detail) from error
        return ""

    def save(self, commit: bool = True) -> ToolKey:
        """Return the key that ``clean_pem`` stored."""
        key: ToolKey = self.instance
        return key

    def save_m2m(self) -> None:
        """Nothing: a key has no relations."""


@admin.register(ToolKey)
@method_decorator(sensitive_post_parameters("pem"), name="changeform_view")
class ToolKeyAdmin(StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Create, rotate, retire."""

    form = ToolKeyForm
    list_display = ("kid", "status", "created_at", "published_until")
    readonly_fields = ("kid", "status", "created_at", "published_until")
    actions = ("rotate", "retire")

    def get_fields(self, request: HttpRequest, obj: ToolKey | None = None) -> tuple[str, ...]:
        """A new key is a form, an existing one is facts."""
        return self.readonly_fields if obj else ("pem",)

    def has_change_permission(self, request: HttpRequest, obj: ToolKey | None = None) -> bool:
        """A key never changes; the list keeps its actions."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ToolKey | None = None) -> bool:
        """Keys are retired, not deleted: the record of what was published stays."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form stored the new key already: only note it."""
        _note(request, {}, {obj.kid: {"status": obj.status}})

    @admin.action(
        permissions=["change"], description=_("Rotate: make a new signing key; all others stay published for a while")
    )
    def rotate(self, request: HttpRequest, rows: QuerySet[ToolKey]) -> None:
        """Rotation concerns all keys, whichever are selected."""
        before = _known()
        self.message_user(request, str(_("%s is the signing key now.")) % keys.rotate().kid)
        _note(request, before, _known())

    @admin.action(permissions=["change"], description=_("Retire: stop publishing the selected keys now"))
    def retire(self, request: HttpRequest, rows: QuerySet[ToolKey]) -> None:
        """Retire one by one; the last signing key stays."""
        before = _known()
        for row in rows:
            try:
                keys.retire(row.kid)
            except KeyInvalid as error:
                self.message_user(request, f"{row.kid}: {error.detail}", messages.ERROR)
        _note(request, before, _known())


def _known() -> dict[str, dict[str, str]]:
    """Return the states of all keys."""
    return {kid: {"status": status} for kid, status in ToolKey.objects.values_list("kid", "status")}


def _note(request: HttpRequest, before: dict[str, dict[str, str]], after: dict[str, dict[str, str]]) -> None:
    for kid, state in after.items():
        note_difference(Author(request.user, Change.Way.ADMIN), Thing("key", kid), before.get(kid), state)
