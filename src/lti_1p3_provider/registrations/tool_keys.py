"""ToolKey: a key pair with which we sign, for the whole site or for one registration."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.identifiers import DIGEST_LENGTH, digest

APP_LABEL = "lti_1p3_provider"
MAX_KID = 255


class ToolKey(models.Model):
    """A key pair of ours. The private part is encrypted at rest and never shown.

    One without a registration is the site's, and signs for all registrations that have none of their own. The same key
    may belong to several registrations, with a row for each.

    .. no_pii:
    """

    class Status(models.TextChoices):
        """A key may be published first; then it signs, then it is only published, then it is gone."""

        STANDBY = "standby", _("published, will sign after the next rotation")
        OFFERED = "offered", _("published, was sent to the platform, signs once that accepts it")
        ACTIVE = "active", _("signs")
        ROTATED = "rotated", _("published, signs no more")
        RETIRED = "retired", _("not published")

    registration = models.ForeignKey(
        "lti_1p3_provider.Registration", on_delete=models.CASCADE, null=True, blank=True, related_name="own_keys"
    )
    kid = models.CharField(max_length=MAX_KID)
    identity = models.CharField(max_length=DIGEST_LENGTH, unique=True, editable=False)
    private_key = models.TextField(editable=False)
    public_jwk = models.JSONField(editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE, editable=False)
    handed_over = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    published_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("tool key")

    def __str__(self) -> str:
        return self.kid

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the digest up to date. It makes a key unique: databases ignore case, and take NULLs for different."""
        self.identity = identity(self.registration_id, self.kid)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


def identity(registration_pk: int | None, kid: str) -> str:
    """Return what is unique about a key: whose it is, None for the site, and its name."""
    return digest(f"{registration_pk or 'site'} {kid}")
