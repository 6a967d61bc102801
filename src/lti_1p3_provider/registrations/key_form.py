"""The form of a new tool key, which is either made here or imported."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.registrations import key_notes, keys
from lti_1p3_provider.registrations.models import Registration, ToolKey


class WriteOnlyTextarea(forms.Textarea):
    """Never shows what was entered, not even beside an error."""

    def format_value(self, value: Any) -> None:
        """Show nothing."""


class ToolKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """An empty form makes a key of the site."""

    registration = forms.ModelChoiceField(
        Registration.objects.all(),
        label=_("Signs for"),
        required=False,
        widget=AutocompleteSelect(ToolKey._meta.get_field("registration"), admin.site),
        help_text=_(
            "Only if a platform has a key of its own, because it cannot read our key set. Empty: the site's key."
        ),
    )
    pem = forms.CharField(
        label=_("Private key"),
        required=False,
        widget=WriteOnlyTextarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Leave empty: a key is made here. Only to bring your own: an unencrypted RSA key in PEM."),
    )
    kid = forms.CharField(
        label=_("Its name (kid)"),
        required=False,
        max_length=255,
        help_text=_("Only with a private key: what the platform calls it, if it was given to it under a name."),
    )

    class Meta:
        model = ToolKey
        fields: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        """Make or import the key now, so that a bad one is reported at its field."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        pem, owner = str(values.pop("pem", "")).strip(), values.get("registration")
        if self.errors:
            return values
        self.known_before = key_notes.known([owner])
        try:
            made = keys.import_pem(pem, owner, values["kid"]) if pem else keys.generate(registration=owner)
        except KeyInvalid as error:
            self.add_error("pem", error.detail)
        else:
            self.instance = made
        return values

    def _post_clean(self) -> None:
        """Nothing: the key is stored."""

    def save(self, commit: bool = True) -> ToolKey:
        """Return the key that ``clean`` stored."""
        key: ToolKey = self.instance
        return key

    def save_m2m(self) -> None:
        """Nothing: a key has no relations."""
