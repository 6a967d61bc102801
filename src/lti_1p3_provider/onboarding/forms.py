"""The admin's registration form: a preset and a host name fill what is left empty."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.onboarding.register import ENDPOINTS, bare_host
from lti_1p3_provider.platforms import PRESETS, preset
from lti_1p3_provider.registrations.models import Registration

FILLED = ("issuer", *ENDPOINTS)
NEEDED = ("issuer", "auth_login_url", "auth_token_url")


class RegistrationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in stubs
    """Adds ``platform_host``, which is used once and not stored."""

    platform = forms.ChoiceField(
        label=_("Platform"),
        choices=[(name, known.label) for name, known in PRESETS.items()],
        initial="generic",
        help_text=_("Fills in what you leave empty below, and shows what to do on the other side."),
    )
    platform_host = forms.CharField(
        label=_("Platform's host name"),
        required=False,
        help_text=_("For example moodle.school.edu. Fills the addresses below that you leave empty."),
    )

    class Meta:
        model = Registration
        fields = (
            "title",
            *FILLED,
            "key_set",
            "other_origins",
            "enabled",
            "allow_anonymous",
            "deployment_id_in_assertion",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FILLED:
            if name in self.fields:
                self.fields[name].required = False
                self.fields[name].widget.attrs["style"] = "width: 44em; max-width: 95%"

    def clean_platform_host(self) -> str:
        """Take a host name, also where somebody pasted an address."""
        try:
            return bare_host(self.cleaned_data["platform_host"])
        except forms.ValidationError as error:
            raise forms.ValidationError(error.message_dict["platform_host"]) from error

    def clean(self) -> dict[str, Any]:
        """Fill in from the preset; say what a person still has to look up."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        platform = preset(values.get("platform", "generic"))
        if "platform_host" in self.errors:
            return values
        known = platform.endpoints.at(values.get("platform_host", ""))
        for name in FILLED:
            if not values.get(name) and not (name == "key_set_url" and values.get("key_set")):
                values[name] = getattr(known, name)
        for name in NEEDED:
            if not values.get(name) and name not in self.errors:
                self.add_error(name, self._advice(name, platform.label, getattr(platform.endpoints, name)))
        return values

    def _advice(self, name: str, label: str, pattern: str) -> str:
        if "{host}" in pattern and not self.cleaned_data.get("platform_host"):
            return str(_("Enter this, or the platform's host name above."))
        if pattern:
            return str(_("%(platform)s shows it to its admin; it looks like %(pattern)s")) % {
                "platform": label,
                "pattern": pattern,
            }
        return str(_("Enter what the platform shows its admin."))
