"""The registration page: what the platform told us, what to give it, and what it may open."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.conf import conf
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.onboarding import changes, roles_of, whose, wording
from lti_1p3_provider.onboarding.actions import CanvasActions
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.onboarding.forms import LaunchGateForm, RegistrationForm
from lti_1p3_provider.onboarding.guidance import UNNAMED, ours
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.onboarding.guided import GuidedPage
from lti_1p3_provider.onboarding.legacy import LEGACY, SaysWhoIsRecognized
from lti_1p3_provider.onboarding.looking_up import LooksUpHosts
from lti_1p3_provider.onboarding.owner_filter import OwnerFilter
from lti_1p3_provider.onboarding.reach import reach
from lti_1p3_provider.onboarding.register import approve
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, ROLE_FIELDS, Deployment, Registration, ToolKey
from lti_1p3_provider.users.models import PlatformUser

PEOPLE = ("allow_anonymous", "trust_emails", "enrolment_mode")


class DeploymentFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """No deployment ID may appear twice. The database compares a digest, which is not a field of the form."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name the box that deletes a row: a table's row has no labels."""
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].widget.attrs["aria-label"] = _("delete")

    def clean(self) -> None:
        """Check the rows against each other."""
        super().clean()
        kept = [form for form in self.forms if hasattr(form, "cleaned_data") and not form.cleaned_data.get("DELETE")]
        named = [form.cleaned_data["deployment_id"] for form in kept if form.cleaned_data.get("deployment_id")]
        if len(set(named)) != len(named):
            raise ValidationError(_("Two rows have the same deployment ID."))


class DeploymentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A platform's id is taken exactly as entered, including spaces."""

    deployment_id = forms.CharField(
        label=_("deployment ID"),
        max_length=255,
        strip=False,
        widget=forms.TextInput(attrs={"aria-label": _("deployment ID")}),  # a table's row has no labels
    )

    class Meta:
        model = Deployment
        fields = ("deployment_id", "status")
        widgets: ClassVar = {"status": forms.Select(attrs={"aria-label": _("status")})}


class DeploymentInline(admin.TabularInline):  # type: ignore[type-arg]
    """Deployments. New ones, brought by genuine launches, wait here for approval."""

    model = Deployment
    form = DeploymentForm
    formset = DeploymentFormSet
    fields = ("deployment_id", "status", "created_at")
    readonly_fields = ("created_at",)

    def get_extra(self, request: HttpRequest, obj: Registration | None = None, **kwargs: Any) -> int:
        """Offer a row to a new registration: without a deployment nobody can launch."""
        return 0 if obj else 1


class LaunchGateInline(admin.StackedInline):  # type: ignore[type-arg]
    """The gate, or none."""

    model = LaunchGate
    form = LaunchGateForm
    extra = 1  # there is room for one, and without scripts no button that adds it


class RegistrationAdmin(SaysWhoIsRecognized, LooksUpHosts, GuidedPage, CanvasActions, StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """One page for the whole connection to a platform; ``doctor.admin`` registers it."""

    form = RegistrationForm
    inlines = (DeploymentInline, LaunchGateInline)
    list_display = ("title", "enabled", "opens", "waiting", "scores", "named")
    list_filter = ("platform", "enabled", OwnerFilter)
    search_fields = ("title", "issuer", "client_id", "deployments__deployment_id")
    readonly_fields = ("give_to_platform", "gate_summary", "reach", "given_roles", "recognized", "scores", "granted")
    fieldsets = (
        (_("The platform"), {"fields": ("platform", "platform_host", "title", "org", "enabled")}),
        (_("Give these to the platform"), {"fields": ("give_to_platform",)}),
        (
            _("What the platform shows you"),
            {
                "classes": ("lti-before-deployments",),
                "fields": (
                    *("pasted", "client_id", "deployment_ids", "issuer", "auth_login_url", "auth_token_url"),
                    *("auth_audience", "key_set_url"),
                ),
            },
        ),
        (_("What it may open"), {"classes": ("lti-before-gate",), "fields": ("gate_summary",)}),
        (_("Its gradebook"), {"fields": ("scores", "granted", "subsection_columns")}),
        (_("Its people"), {"fields": ("reach", "confine_sessions", *PEOPLE, *ACCOUNT_FIELDS)}),
        (_("Its teachers"), {"fields": ("given_roles", *ROLE_FIELDS)}),
        (_("Its people of LTI 1.1"), {"fields": LEGACY}),
        (
            _("Rarely needed"),
            {"classes": ("collapse",), "fields": ("key_set", "other_origins", "deployment_id_in_assertion")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        """Count waiting deployments and fetch gates for the whole list at once."""
        waiting = Count("deployments", filter=Q(deployments__status=Deployment.Status.PENDING))
        rows: QuerySet[Registration] = super().get_queryset(request).select_related("gate").annotate(pending=waiting)
        return rows

    @admin.display(description=_("Ready to copy"))
    def give_to_platform(self, row: Registration | None) -> SafeString:
        """Our addresses, where they go on the chosen platform, and what its admin does there."""
        chosen = row.platform if row else UNNAMED
        page = {
            "ours": ours(guide(conf.public_url), chosen),
            "presets": PRESETS.values(),
            "chosen": chosen,
            "others": not (row and row.pk),
        }
        return render_to_string("lti_1p3_provider/give_to_platform.html", page)

    @admin.display(description=_("may open"))
    def gate_summary(self, row: Registration | None) -> str:
        """The gate in plain words."""
        gate: LaunchGate | None = getattr(row, "gate", None) if row and row.pk else None
        if gate is None:
            if conf.require_launch_gate:
                return str(_("Nothing: it has no launch gate, and this site requires one."))
            if row and row.org:
                return str(_("Everything that is published of %s: it has no launch gate.")) % row.org
            return str(
                _("Everything that is published on this site: it has no launch gate. Add one below to limit it.")
            )
        if gate.opens_nothing:
            return str(_("Nothing: its launch gate names nothing."))
        named = (*gate.allowed_orgs, *gate.allowed_courses, *gate.allowed_keys)
        return str(_("Only what its launch gate names: %s")) % ", ".join(named[:5])

    @admin.display(description=_("its people may reach"))
    def reach(self, row: Registration | None) -> str:
        """What a launch opens of the site, in plain words."""
        return reach(row if row and row.pk else None)

    @admin.display(description=_("roles in courses"))
    def given_roles(self, row: Registration | None) -> str:
        """What a role lets teachers do, and how many people have one."""
        return roles_of.said(row if row and row.pk else None)

    @admin.display(description=_("may open"))
    def opens(self, row: Registration) -> str:
        """What the gate opens, in two words for a narrow column."""
        gate: LaunchGate | None = getattr(row, "gate", None)
        if gate is None:
            return str(_("nothing") if conf.require_launch_gate else row.org or _("everything"))
        return str(_("nothing") if gate.opens_nothing else _("what its gate names"))

    @admin.display(description=_("issuer, client ID"))
    def named(self, row: Registration) -> str:
        """Issuer and client ID in one column; long ones may break anywhere."""
        narrow = "display: block; max-width: 13rem; overflow-wrap: anywhere"
        both = ((narrow, text) for text in (row.issuer, row.client_id))
        return format_html_join("", '<span style="{}">{}</span>', both)

    @admin.display(description=_("waiting"))
    def waiting(self, row: Registration) -> int:
        """How many deployments an operator should look at."""
        count: int = row.pending  # type: ignore[attr-defined]  # annotated above
        return count

    @admin.display(description=_("scores"))
    def scores(self, row: Registration | None) -> str:
        """A link to the page about its scores."""
        if row is None or not row.pk:
            return "-"
        url = reverse("admin:lti_1p3_provider_registration_scores", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, _("delivered, waiting, given up"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Remember the state before the change, for the audit trail."""
        form.known_before = changes.known(obj.pk)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("registered by invitation"))
    def granted(self, row: Registration | None) -> str:
        """What the platform granted, if it registered itself."""
        return wording.granted(row) if row and row.pk else "-"

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save deployments and gate, too; then say what in all of that does not fit this site."""
        super().save_related(request, form, formsets, change)
        for deployment_id in form.cleaned_data.get("deployment_ids", ()):
            approve(form.instance, deployment_id)
        changes.note_all(_author(request), form.known_before, changes.known(form.instance.pk))
        self.to_look_up(request, form.instance)
        for doubt in (*whose.doubts(form.instance), *doubts(form.instance)):
            self.message_user(request, str(doubt), messages.WARNING)
        if taken := taking_back.ask(form.instance) + taking_back.ask_for_deleted():
            self.message_user(request, roles_of.taken(taken), messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: Registration) -> None:
        """Note the deletion, with everything that goes with it."""
        changes.note_all(_author(request), changes.known(obj.pk), {})
        super().delete_model(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Registration | None = None) -> bool:
        """Accounts belong to a registration: one that people used is switched off instead."""
        used = obj is not None and PlatformUser.objects.filter(registration=obj).exists()
        return not used and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its own keys are deleted with it, although nobody may delete a key by itself."""
        listed, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return listed, counts, forbidden - {ToolKey._meta.verbose_name}, protected

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out the deletion of many at once."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}


def _author(request: HttpRequest) -> Author:
    return Author(request.user, Change.Way.ADMIN)
