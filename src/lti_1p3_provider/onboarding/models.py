"""Invitation, and OpenedConfiguration: what a platform said of itself once somebody opened one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.database.storable import not_kept
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.onboarding.register import bare_host
from lti_1p3_provider.organizations import OfOrganization
from lti_1p3_provider.registrations.models import ACCOUNT_FIELDS, APP_LABEL, ROLE_FIELDS, Registration

GATE = ("allowed_courses", "allowed_orgs", "allowed_keys", "block_filter")
OPTIONS = (
    *("trust_emails", "enrolment_mode", *ACCOUNT_FIELDS, *ROLE_FIELDS),
    *("subsection_columns", "confine_sessions"),
)
PROOF = ("legacy_until", "legacy_consumer_key")
SHARED = {field.name: field for field in (*Registration._meta.fields, *LaunchGate._meta.fields)}


def _as_in(name: str) -> Any:
    """Return a field like the one of the registration or gate to be."""
    field: Any = SHARED[name].clone()
    return field


class Invitation(OfOrganization):
    """Lets one platform register itself, once. It holds the registration to be, without what the platform will say of
    itself.

    Whoever has the token, which is shown once, may use it; only its digest is stored. From the moment in which the
    request is sent until its answer is understood the status is ``unknown``: so it is right even if the process dies or
    the answer is lost. ``outcome``: the code of the error that ended it. ``support_code``: that of the attempt.
    ``legacy_until``: the platform has to prove its key of LTI 1.1. ``proof_digest``: the proof that it showed, which
    counts once.

    .. no_pii:
    """

    class Status(models.TextChoices):
        """An invitation is used when the request is sent, whatever comes of it."""

        OPEN = "open", _("not used yet")
        UNKNOWN = "unknown", _("used; the platform's answer is not known")
        REGISTERED = "registered", _("used; the platform is registered")
        REFUSED = "refused", _("used; the platform refused")
        REVOKED = "revoked", _("revoked")

    name = models.CharField(
        max_length=255,
        help_text=_(
            "What its people call the platform, for example 'Riverside Moodle': learners see it beside their score."
        ),
    )
    token_digest = models.CharField(max_length=DIGEST_LENGTH, unique=True, editable=False)
    host = models.CharField(
        _("platform's host name"),
        max_length=255,
        blank=True,
        help_text=_("For example moodle.school.edu: no other platform can use the invitation. Empty: any can."),
    )
    allowed_courses = _as_in("allowed_courses")
    allowed_orgs = _as_in("allowed_orgs")
    allowed_keys = _as_in("allowed_keys")
    block_filter = _as_in("block_filter")
    trust_emails = _as_in("trust_emails")
    enrolment_mode = _as_in("enrolment_mode")
    learner_accounts = _as_in("learner_accounts")
    teacher_accounts = _as_in("teacher_accounts")
    instructor_role = _as_in("instructor_role")
    assistant_role = _as_in("assistant_role")
    designer_role = _as_in("designer_role")
    subsection_columns = _as_in("subsection_columns")
    confine_sessions = _as_in("confine_sessions")
    legacy_until = models.DateField(
        _("keep its people of LTI 1.1 until"),
        null=True,
        blank=True,
        help_text=_(
            "Moodle only: it has to prove the key of the tool that this one takes the place of, and learners of that "
            "keep their accounts if they launch by this day. Empty: everybody gets a new account."
        ),
    )
    legacy_consumer_key = models.CharField(
        _("LTI 1.1 key"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("The only key that it may prove. Empty: any that this site's LTI 1.1 provider has."),
    )
    proof_digest = models.CharField(max_length=DIGEST_LENGTH, null=True, unique=True, editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    sent_to = models.CharField(max_length=255, blank=True, default="", editable=False)
    outcome = models.CharField(max_length=64, blank=True, default="", editable=False)
    support_code = models.CharField(max_length=9, blank=True, default="", editable=False)
    registration = models.ForeignKey(
        Registration, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    class Meta:
        app_label = APP_LABEL
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.name

    @property
    def gate(self) -> LaunchGate | None:
        """The launch gate of the registration to be; None if it names nothing."""
        named = {name: getattr(self, name) for name in GATE}
        return LaunchGate(**named) if any(named.values()) else None

    def clean(self) -> None:
        """Check what a form or command gives, and reduce the host to its name.

        Raises:
            ValidationError: with a sentence for each wrong field.
        """
        problems: dict[str, Any] = dict(not_kept(self, "name", "host", "org", "enrolment_mode", "legacy_consumer_key"))
        if self.legacy_consumer_key and self.legacy_until is None:
            problems["legacy_until"] = _("To name a key, also enter the last day.")
        if self.legacy_until is not None and self.legacy_until < timezone.now().date():
            problems["legacy_until"] = _("This day is over.")
        try:
            self.host = bare_host(self.host)
        except ValidationError as error:
            problems["host"] = error.message_dict["platform_host"]
        try:
            LaunchGate(**{name: getattr(self, name) for name in GATE}).clean()
        except ValidationError as error:
            problems |= error.message_dict
        if problems:
            raise ValidationError(problems)


class OpenedConfiguration(models.Model):
    """What a platform's configuration address said. It is read once, because some addresses work only once.

    ``content`` is encrypted, and empty while somebody is reading. ``address_digest`` is of the address and the
    platform's registration token together.

    .. no_pii:
    """

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="+")
    address_digest = models.CharField(max_length=DIGEST_LENGTH)
    content = models.TextField(blank=True, default="")
    opened_at = models.DateTimeField()

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["invitation", "address_digest"], name="lti1p3_configuration_once")
        ]

    def __str__(self) -> str:
        return f"configuration {self.pk} of invitation {self.invitation_id}"
