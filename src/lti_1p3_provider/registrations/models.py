"""Registration and Deployment; ToolKey has a module of its own."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.storable import not_kept
from lti_1p3_provider.identifiers import DIGEST_LENGTH, digest
from lti_1p3_provider.organizations import OfOrganization
from lti_1p3_provider.platforms import PRESETS, preset
from lti_1p3_provider.registrations.ahead_way import AheadWay
from lti_1p3_provider.registrations.choices import (
    ACCOUNT_FIELDS,
    COURSE_ROLES,
    ROLE_FIELDS,
    AccountMode,
    accounts_field,
    role_field,
)
from lti_1p3_provider.registrations.key_sets import is_key_set
from lti_1p3_provider.registrations.legacy_way import LegacyWay
from lti_1p3_provider.registrations.querysets import APPROVED, Deployments
from lti_1p3_provider.registrations.tool_keys import ToolKey
from lti_1p3_provider.web.addresses import is_source, origin, problem_with

__all__ = ["ACCOUNT_FIELDS", "COURSE_ROLES", "ROLE_FIELDS", "AccountMode", "Deployment", "Registration", "ToolKey"]

APP_LABEL = "lti_1p3_provider"
TEXTS = (
    *("title", "issuer", "client_id", "auth_login_url", "auth_token_url", "auth_audience", "key_set_url", "key_set"),
    *("other_origins", "enrolment_mode", "legacy_consumer_key"),
)


class Registration(LegacyWay, AheadWay, OfOrganization):
    """A platform's registration of us: its issuer and the client id that it gave us (LTI 1.3 Core, 3.1.3).

    .. no_pii:
    """

    title = models.CharField(max_length=255, help_text=_("Your own name for it, for example 'Riverside Moodle'."))
    platform = models.CharField(
        max_length=32,
        default="generic",
        help_text=_("Fills in what you leave empty below, and shows what to do on the other side."),
    )
    issuer = models.CharField(
        max_length=255, help_text=_("The platform's own name for itself, exactly as it shows it ('iss').")
    )
    client_id = models.CharField(
        _("client ID"), max_length=255, help_text=_("What the platform calls us, exactly as it shows it.")
    )
    auth_login_url = models.CharField(
        _("authentication request URL"),
        max_length=2000,
        help_text=_("Where we send the browser to sign in; also 'OIDC authorization endpoint'."),
    )
    auth_token_url = models.CharField(
        _("access token URL"), max_length=2000, help_text=_("Where we get access tokens for scores.")
    )
    auth_audience = models.CharField(
        _("access token audience"),
        max_length=2000,
        blank=True,
        help_text=_("Only if the platform shows one (Brightspace does). Empty: the access token URL."),
    )
    key_set_url = models.CharField(
        _("key set URL"),
        max_length=2000,
        blank=True,
        help_text=_("Where the platform publishes its public keys; also 'JWKS' or 'public keyset URL'."),
    )
    key_set = models.JSONField(
        _("key set"),
        null=True,
        blank=True,
        help_text=_('Only for a platform without a key set URL: its public keys, {"keys": [...]}.'),
    )
    other_origins = models.CharField(
        _("other hosts of the platform"),
        max_length=2000,
        blank=True,
        help_text=_(
            "Separated by spaces, like https://lms.school.edu or https://*.school.edu, besides the hosts of the "
            "addresses above. Only the platform's hosts may show us in a frame and are sent scores."
        ),
    )
    allow_anonymous = models.BooleanField(
        _("allow anonymous launches"),
        default=False,
        help_text=_("Let people in whom the platform does not name. Each launch is a new person; no scores are sent."),
    )
    trust_emails = models.BooleanField(
        _("trust its email addresses"),
        default=False,
        help_text=_(
            "Only if the platform makes sure that an address belongs to its person: the LMS believes an account's "
            "address, and single sign-on joins accounts by it. Off: accounts get a placeholder address."
        ),
    )
    enrolment_mode = models.CharField(
        _("enrol in the course as"),
        max_length=32,
        blank=True,
        help_text=_(
            "A mode of your site, like audit or honor: whoever launches is enrolled in the Open edX course. Needed for "
            "launches of whole courses, for gated and timed sections, and for progress. Empty: nobody is enrolled."
        ),
    )
    learner_accounts = accounts_field(_("learners get"))
    teacher_accounts = accounts_field(_("teachers get"))
    instructor_role = role_field(_("instructors become"))
    assistant_role = role_field(_("teaching assistants become"))
    designer_role = role_field(_("content developers become"))
    subsection_columns = models.BooleanField(
        _("a gradebook column for each graded subsection"),
        default=False,
        help_text=_(
            "For launches of whole courses: besides the course's grade, each graded subsection has a column. Only if "
            "the platform lets this tool make columns."
        ),
    )
    confine_sessions = models.BooleanField(
        _("confine its people to what they launched"),
        default=True,
        help_text=_("Off: whoever launches can use the whole site with their account; the gate limits launches only."),
    )
    deployment_id_in_assertion = models.BooleanField(
        _("name the deployment when asking for access tokens"),
        default=True,
        help_text=_("Switch off only if the platform refuses tokens because of it."),
    )
    production = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, editable=False, related_name="siblings", verbose_name=_("copy of")
    )
    enabled = models.BooleanField(default=True, help_text=_("Off: no launches, open sessions end, queued scores wait."))
    granted_scopes = models.JSONField(null=True, editable=False)  # null: it did not say
    approve_next_deployment = models.BooleanField(default=False, editable=False)  # on by an invitation, off by a launch
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "client_id"], name="lti1p3_registration_identity")
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Check what a form or command gives.

        Raises:
            ValidationError: with a sentence for each wrong field.
        """
        problems = {**self.legacy_problems(), **self.ahead_problems(self.enrolment_mode, self.platform)}
        if bool(self.key_set_url) == bool(self.key_set):
            problems["key_set_url"] = _("Give either the key set URL or the key set, not both and not neither.")
        if self.platform not in PRESETS:
            problems["platform"] = _("Unknown platform; choose one of: %s") % ", ".join(PRESETS)
        if self.key_set and not is_key_set(self.key_set):
            problems["key_set"] = _('This is not a key set: {"keys": [{"kty": "RSA", "n": …, "e": …, "kid": …}]}.')
        for name in ("auth_login_url", "auth_token_url", "key_set_url"):
            if (value := getattr(self, name)) and (problem := problem_with(value)):
                problems[name] = problem
        if wrong := [source for source in self.other_origins.split() if not is_source(source)]:
            problems["other_origins"] = _("Not a host like https://lms.school.edu: %s") % ", ".join(wrong)
        if spaced := [name for name in ("issuer", "client_id") if getattr(self, name) != getattr(self, name).strip()]:
            problems |= dict.fromkeys(spaced, _("Remove the spaces around the value: it is compared exactly."))
        if problems := {**problems, **not_kept(self, *TEXTS)}:
            raise ValidationError(problems)

    @property
    def maps_roles(self) -> bool:
        """Whether anybody from the platform gets a role in courses here."""
        return bool(self.instructor_role or self.assistant_role or self.designer_role)

    @property
    def token_audience(self) -> str:
        """``aud`` of our client assertion."""
        return self.auth_audience or self.auth_token_url

    @property
    def origins(self) -> tuple[str, ...]:
        """The platform's hosts as CSP sources, wildcards included."""
        addresses = (self.issuer, self.auth_login_url, self.auth_token_url, self.key_set_url)
        usual = (
            source.replace("{host}", origin(self.issuer).partition("://")[2])
            for source in preset(self.platform).origins_of(self.issuer)
        )
        known = (*map(origin, addresses), *self.other_origins.split(), *usual)
        return tuple(dict.fromkeys(filter(None, known)))


class Deployment(models.Model):
    """One installation of the tool in a platform (LTI 1.3 Core, 3.1.3); the tenant where an issuer serves many.

    .. no_pii:
    """

    class Status(models.TextChoices):
        """What an operator decided."""

        APPROVED = APPROVED, _("approved")
        PENDING = "pending", _("waits for approval")
        DISABLED = "disabled", _("disabled")

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="deployments")
    deployment_id = models.CharField(_("deployment ID"), max_length=255)
    deployment_digest = models.CharField(max_length=DIGEST_LENGTH, editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.APPROVED)
    created_at = models.DateTimeField(auto_now_add=True)
    objects = Deployments()

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registration", "deployment_digest"], name="lti1p3_deployment_identity")
        ]

    def __str__(self) -> str:
        return f"{self.registration} / {self.deployment_id}"

    @property
    def is_open(self) -> bool:
        """Whether people may launch from here and scores may go there: approved, and the registration is on."""
        return self.status == self.Status.APPROVED and self.registration.enabled

    def clean(self) -> None:
        """Check what a form or command gives.

        Raises:
            ValidationError: the database does not keep the id.
        """
        if problems := not_kept(self, "deployment_id"):
            raise ValidationError(problems)

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the digest up to date."""
        self.deployment_digest = digest(self.deployment_id)
        super().save(*args, **kwargs)  # type: ignore[arg-type]
