"""The pages of invitations: a form makes one, its address is shown once, and after that there are only facts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, note_difference
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.searching import StorableSearch
from lti_1p3_provider.errors import meaning_of
from lti_1p3_provider.host.static_files import address
from lti_1p3_provider.onboarding import changes, courses, invitations, roles_of, wording
from lti_1p3_provider.onboarding.forms import LaunchGateForm
from lti_1p3_provider.onboarding.guided import chooses
from lti_1p3_provider.onboarding.models import GATE, OPTIONS, PROOF, Invitation
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, APP_LABEL, ROLE_FIELDS, Registration

LIKE = "like"  # in the address of the form: the invitation whose values it begins with
PEOPLE = ("confine_sessions", "trust_emails", "enrolment_mode", *ACCOUNT_FIELDS)
TEMPLATE = "lti_1p3_provider/invitation_made.html"


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new invitation. What the gate names is entered as lines."""

    days = forms.IntegerField(
        label=_("Days"),
        initial=invitations.LIFE.days,
        min_value=1,
        max_value=invitations.MAX_DAYS,
        help_text=_("For how long it can be used."),
    )
    allowed_courses = LaunchGateForm.base_fields["allowed_courses"]
    allowed_orgs = LaunchGateForm.base_fields["allowed_orgs"]
    allowed_keys = LaunchGateForm.base_fields["allowed_keys"]
    block_filter = LaunchGateForm.base_fields["block_filter"]

    class Meta:
        model = Invitation
        fields = ("name", "host", "org", *GATE, *OPTIONS, *PROOF)


@admin.register(Invitation)
class InvitationAdmin(StorableSearch, admin.ModelAdmin):  # type: ignore[type-arg]
    """Make, look at, and revoke invitations. None is deleted: it says how somebody registered."""

    form = InvitationForm
    change_form_template = "lti_1p3_provider/invitation.html"
    list_display = ("name", "state", "host", "created_at", "expires_at", "registration")
    list_filter = ("status",)
    list_select_related = ("registration",)
    search_fields = ("name", "host", "=support_code")
    actions = ("revoke",)
    facts = (
        *("name", "state", "meaning", "support", "registration", "again"),
        *("host", "org", "opens", *OPTIONS, *PROOF, "created_at", "expires_at", "sent_at", "sent_to"),
    )
    readonly_fields = facts

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """Show the form with one button. Whichever button is pressed, the page with the address follows."""
        others = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**(extra_context or {}), **others, "guided": chooses()})

    def get_fieldsets(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        """Show a form for a new invitation, and facts for one that exists."""
        if obj is not None:
            return ((None, {"fields": self.facts}),)
        return (
            (None, {"fields": ("name", "host", "org", "days")}),
            (
                _("What the platform may open"),
                {"fields": GATE, "description": _("Nothing named: everything that is published on this site.")},
            ),
            (_("Its people"), {"fields": PEOPLE}),
            (_("Its teachers"), {"fields": ROLE_FIELDS, "description": roles_of.said(None)}),
            (_("Its people of LTI 1.1"), {"fields": PROOF}),
            (_("Its gradebook"), {"fields": ("subsection_columns",)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        """Let every field of a new invitation be edited."""
        return self.facts if obj is not None else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the values of another invitation, if the address names one."""
        like = request.GET.get(LIKE, "")
        row = Invitation.objects.filter(pk=int(like)).first() if like.isascii() and like.isdigit() else None
        values = ("name", "host", "org", *GATE, *OPTIONS, *PROOF)
        return {} if row is None else {name: getattr(row, name) for name in values}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make it. Its address is known only until this request ends."""
        obj.made_address = invitations.issue(obj, timedelta(days=form.cleaned_data["days"]))
        thing, state = changes.of_invitation(obj)
        note_difference(Author(request.user, Change.Way.ADMIN), thing, None, state)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Show the address, once. No redirect, message or session holds it."""
        registration = Registration(**{name: getattr(obj, name) for name in ("org", *OPTIONS)})
        page = {
            **self.admin_site.each_context(request),
            "title": _("Send this address to the platform's administrator"),
            "opts": self.model._meta,
            "invitation": obj,
            "url": obj.made_address,
            "mail": mail(obj, obj.made_address),
            "opens": wording.opens(obj.gate, obj.org),
            "doubts": courses.doubts(registration, gate=obj.gate),
            "script": address("invited.js"),
        }
        response = render(request, TEMPLATE, page)
        response.headers["Cache-Control"] = "no-store"
        return response

    @admin.display(description=_("state"), ordering="status")
    def state(self, row: Invitation) -> str:
        """Whether it can be used, or what became of it."""
        if row.status == Invitation.Status.OPEN and row.expires_at <= timezone.now():
            return gettext("expired")
        return row.get_status_display()

    @admin.display(description=_("what it means"))
    def meaning(self, row: Invitation) -> str:
        """Why no registration was made."""
        if row.outcome:
            return meaning_of(row.outcome)
        if row.status == Invitation.Status.UNKNOWN:
            return gettext("The request was sent, and no answer has come. Look on the platform for a new tool.")
        return "-"

    @admin.display(description=_("support code"))
    def support(self, row: Invitation) -> str:
        """A link to the attempt."""
        if not row.support_code:
            return "-"
        url = reverse("admin:lti_1p3_provider_launchattempt_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, row.support_code, row.support_code)

    @admin.display(description=_("once more"))
    def again(self, row: Invitation) -> str:
        """A link to the form with the same values, because the address cannot be shown again."""
        url = reverse("admin:lti_1p3_provider_invitation_add")
        return format_html('<a href="{}?{}={}">{}</a>', url, LIKE, row.pk, _("Another invitation with these values"))

    @admin.display(description=_("may open"))
    def opens(self, row: Invitation) -> str:
        """The gate of the registration to be, in plain words."""
        return "; ".join(wording.opens(row.gate, row.org))

    @admin.action(permissions=["revoke"], description=_("Revoke the selected invitations, as far as nobody used them"))
    def revoke(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        """Make their addresses worthless."""
        before = {row.pk: changes.of_invitation(row)[1] for row in rows}
        number = invitations.revoke(rows)
        for row in Invitation.objects.filter(pk__in=before):
            thing, state = changes.of_invitation(row)
            note_difference(Author(request.user, Change.Way.ADMIN), thing, before[row.pk], state)
        level = messages.SUCCESS if number else messages.WARNING
        self.message_user(request, gettext("%s invitations were revoked.") % number, level)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """An invitation becomes a registration, so people who invite must be allowed to add registrations, too."""
        user: Any = request.user
        return super().has_add_permission(request) and bool(user.has_perm(f"{APP_LABEL}.add_registration"))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """People who may change invitations may revoke them, although rows are not edited."""
        return super().has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """An invitation that was sent does not change. The list keeps its action."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Invitations are revoked, not deleted."""
        return False


def mail(row: Invitation, url: str) -> str:
    """Return the text of a mail to a platform's administrator."""
    values = {
        "site": conf.tool_name,
        "name": row.name,
        "day": formats.date_format(timezone.localtime(row.expires_at), "DATE_FORMAT"),
        "url": url,
    }
    return (
        gettext(
            "%(name)s is invited to use content of %(site)s.\n\n"
            "Please enter this address in your learning platform, where it registers tools (Dynamic Registration). "
            "Opened in a browser, it says where that is.\n\n%(url)s\n\n"
            "It can be used once, until %(day)s. Whoever has it can use it: please pass it on to nobody else."
        )
        % values
    )
