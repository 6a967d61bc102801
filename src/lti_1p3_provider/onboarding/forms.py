"""The admin's registration form: a preset and a host name fill what is left empty."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding.register import FILLED, bare_host, filled_in
from lti_1p3_provider.platforms import PRESETS, preset
from lti_1p3_provider.registrations.models import Registration

NEEDED = ("issuer", "auth_login_url", "auth_token_url", "key_set_url")


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
            "org",
            *FILLED,
            "key_set",
            "other_origins",
            "enabled",
            "allow_anonymous",
            "trust_emails",
            "enrolment_mode",
            "confine_sessions",
            "subsection_columns",
            "deployment_id_in_assertion",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "title" in self.fields:
            self.fields["title"].help_text = _(
                "What its people call the platform, for example 'Riverside Moodle': learners see it beside their score."
            )
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
        values.update(filled_in(values, platform.name, values.get("platform_host", "")))
        for name in NEEDED:
            given = values.get(name) or (name == "key_set_url" and values.get("key_set"))
            if not given and name not in self.errors:
                self.add_error(name, self._advice(name, platform.label, getattr(platform.endpoints, name)))
        return values

    def _advice(self, name: str, label: str, pattern: str) -> str:
        if pattern.count("{") == 1 and "{host}" in pattern and not self.cleaned_data.get("platform_host"):
            return str(_("Enter this, or the platform's host name above."))
        pattern = pattern.replace("{host}", self.cleaned_data.get("platform_host") or "{host}")
        if pattern:
            return str(_("%(platform)s shows it to its admin; it looks like %(pattern)s")) % {
                "platform": label,
                "pattern": pattern,
            }
        return str(_("Enter what the platform shows its admin."))


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 90})

    def prepare_value(self, value: Any) -> Any:
        """Show a stored list as lines."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read lines, and forgive commas."""
        return [line.strip() for line in str(value or "").replace(",", "\n").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists."""
        return bool(self.to_python(data) != (initial if isinstance(initial, list) else []))


class LaunchGateForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is stored as JSON is entered as lines."""

    allowed_courses = LinesField(required=False, help_text=_("One course key on each line: course-v1:Org+Course+Run"))
    allowed_orgs = LinesField(label=_("Allowed organizations"), required=False, help_text=_("One on each line: Org"))
    allowed_keys = LinesField(
        label=_("Allowed blocks"),
        required=False,
        help_text=_("One usage key on each line: any block named here opens, whatever its type."),
    )

    class Meta:
        model = LaunchGate
        fields = ("allowed_courses", "allowed_orgs", "allowed_keys", "block_filter")
        widgets: ClassVar = {"block_filter": forms.Textarea(attrs={"rows": 3, "cols": 90})}
