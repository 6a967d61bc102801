"""The admin's registration form. What is pasted, the preset and a host name fill in what is left empty."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.storable import problem_with
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import guidance
from lti_1p3_provider.onboarding.fields import BlockTypesField, IdsField, KeySetField, LinesField
from lti_1p3_provider.onboarding.pasted import MAX_TEXT, read
from lti_1p3_provider.onboarding.register import FILLED, bare_host, filled_in
from lti_1p3_provider.platforms import PRESETS, Preset, preset
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, ROLE_FIELDS, Registration
from lti_1p3_provider.web.addresses import split_url

NEEDED = ("issuer", "auth_login_url", "auth_token_url", "key_set_url")
SHOWN = ("client_id", "deployment_ids", *FILLED)  # fields of which a platform's words say where the value is
TRIED = ("client_id", "auth_token_url", "key_set_url")
MAX_ID = MAX_TITLE = 255  # characters of a deployment id, and of a title
EXPLAINED = (
    '{} <span class="lti-words" data-words="{}">{}</span> <span class="lti-becomes" data-becomes="{}">{}</span> {}'
)
OUTCOME = '<span class="lti-tried" data-tried="{}" role="status"></span>'


class RegistrationForm(forms.ModelForm):  # type: ignore[type-arg]  # generic only in stubs
    """Adds fields that are used once and not stored: ``platform_host``, ``pasted``, and ``deployment_ids``, which are
    approved when the form is saved."""

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
    pasted = forms.CharField(
        label=_("Paste what it shows"),
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 90, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A whole dialog or table, or one line. It fills in what you leave empty below, and is not stored."),
    )
    deployment_ids = IdsField(
        label=_("New deployments"),
        required=False,
        help_text=_(
            "Deployment IDs, one on each line; each is approved. Those that are known already are listed further below."
        ),
    )
    key_set = KeySetField(
        label=_("Key set"),
        required=False,
        help_text=_("Only for a platform without a key set URL: its public keys, pasted as it shows them."),
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
            *ACCOUNT_FIELDS,
            *ROLE_FIELDS,
            "ahead_way",
            *LEGACY_FIELDS,
            "confine_sessions",
            "subsection_columns",
            "deployment_id_in_assertion",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "title" in self.fields:
            self.fields["title"].help_text = _(
                "What its people call the platform, for example 'Riverside Moodle': learners see it beside their "
                "score. Left empty, it is the platform's name."
            )
        for name in ("title", "client_id", *FILLED):
            if name in self.fields:
                self.fields[name].required = False
                self.fields[name].widget.attrs["class"] = "lti-address"
        self._explain()

    def _explain(self) -> None:
        """Say beside each field where the chosen platform shows its value, and what the field becomes if it is left
        empty."""
        chosen = self.data.get("platform") or self.initial.get("platform") or self.instance.platform
        platform = preset(str(chosen))
        if not self.is_bound and self.instance.pk is None:
            self.instance.platform = platform.name  # the page's facts about it look there
        words, becomes = guidance.shows(platform), platform.endpoints.at("", str(self.initial.get("client_id") or ""))
        for name in filter(self.fields.__contains__, SHOWN):
            field = self.fields[name]
            value = "" if self.initial.get(name) else getattr(becomes, name, "")
            said = _("Left empty, it becomes %s") % value if value else ""
            tried = format_html(OUTCOME, name) if name in TRIED else ""
            where = words.get(name.replace("_ids", "_id"), "")
            field.help_text = format_html(EXPLAINED, field.help_text, name, where, name, said, tried)
            field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    def clean_platform_host(self) -> str:
        """Take a host name, or the host of an address that was pasted."""
        try:
            return bare_host(self.cleaned_data["platform_host"])
        except forms.ValidationError as error:
            raise forms.ValidationError(error.message_dict["platform_host"]) from error

    def clean_deployment_ids(self) -> list[str]:
        """Take ids that can be stored."""
        ids: list[str] = self.cleaned_data["deployment_ids"]
        for one in ids:
            if problem := problem_with(one) or (_("A deployment ID is too long.") if len(one) > MAX_ID else None):
                raise forms.ValidationError(problem)
        return ids

    def clean(self) -> dict[str, Any]:
        """Fill in from what was pasted and from the preset; say what a person still has to look up."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        platform = preset(values.get("platform", "generic"))
        if "platform_host" in self.errors:
            return values
        self._fill_from_pasted(values, platform.name)
        if not values.get("client_id") and "client_id" in self.fields and "client_id" not in self.errors:
            self.add_error("client_id", self.fields["client_id"].error_messages["required"])
        values.update(filled_in(values, platform.name, values.get("platform_host", "")))
        for name in NEEDED:
            given = values.get(name) or (name == "key_set_url" and values.get("key_set"))
            if not given and name not in self.errors:
                self.add_error(name, self._advice(name, platform.label, getattr(platform.endpoints, name)))
        if not values.get("title") and "title" not in self.errors:
            values["title"] = _name(platform, values.get("platform_host") or "", values.get("issuer") or "")
        return values

    def _fill_from_pasted(self, values: dict[str, Any], platform: str) -> None:
        """Fill in what is empty. What somebody entered takes precedence."""
        if not (text := values.get("pasted")):
            return
        found = read(text, platform)
        for name, value in found.values.items():
            if name in self.fields and name not in self.errors and not values.get(name):
                values[name] = value
        values["platform_host"] = values.get("platform_host") or found.host
        if "deployment_ids" not in self.errors:
            new = [one for one in found.deployment_ids if len(one) <= MAX_ID and not problem_with(one)]
            values["deployment_ids"] = list(dict.fromkeys([*values.get("deployment_ids", ()), *new]))

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


def _name(platform: Preset, host: str, issuer: str) -> str:
    """Return a title for a registration that has none: the platform's name, and its host where that is known."""
    if platform.name == guidance.UNNAMED:
        parts = split_url(issuer)
        return str(parts.hostname if parts else platform.label)[:MAX_TITLE]
    short = platform.label.partition(" (")[0]
    return f"{short} ({host})"[:MAX_TITLE] if host else short


class LaunchGateForm(forms.ModelForm):  # type: ignore[type-arg]
    """The gate as lines; it is stored as JSON."""

    allowed_courses = LinesField(required=False, help_text=_("One course key on each line: course-v1:Org+Course+Run"))
    allowed_orgs = LinesField(label=_("Allowed organizations"), required=False, help_text=_("One on each line: Org"))
    allowed_keys = LinesField(
        label=_("Allowed blocks"),
        required=False,
        help_text=_("One usage key on each line: any block named here opens, whatever its type."),
    )
    block_filter = BlockTypesField(
        label=_("Block types"),
        required=False,
        help_text=_(
            "Which types of blocks open, one line for each course, organization, or * for all: "
            "course-v1:Org+Course+Run: problem, vertical. The course's line decides, else the organization's, "
            "else that for all. Empty: every type."
        ),
    )

    class Meta:
        model = LaunchGate
        fields = ("allowed_courses", "allowed_orgs", "allowed_keys", "block_filter")
