"""LaunchAttempt: what an operator finds by a support code."""

from __future__ import annotations

from django.db import models

from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.registrations.models import APP_LABEL, Deployment, Registration

OK = "ok"


class LaunchAttempt(models.Model):
    """One attempt, successful or refused. No claims, no token, no name: ids, steps and a code.

    ``login_digest`` names the login that a success used up, so no login can succeed twice, whatever the cache forgets.

    .. pii: A digest of ``sub``, by which the platform knows the person, keyed with a secret of the site. It goes when
      the person is retired or forgotten, and the row after ``LTI_1P3_PROVIDER_ATTEMPT_RETENTION_SEC``.
    .. pii_types: id
    .. pii_retirement: local_api
    """

    support_code = models.CharField(max_length=9, unique=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    door = models.CharField(max_length=16)
    outcome = models.CharField(max_length=64)
    detail = models.TextField(blank=True)
    steps = models.JSONField(default=list)
    registration = models.ForeignKey(Registration, null=True, on_delete=models.SET_NULL, related_name="+")
    deployment = models.ForeignKey(Deployment, null=True, on_delete=models.SET_NULL, related_name="+")
    subject_digest = models.CharField(max_length=16, blank=True)
    target = models.CharField(max_length=500, blank=True)
    login_digest = models.CharField(max_length=DIGEST_LENGTH, null=True, unique=True, editable=False)

    class Meta:
        app_label = APP_LABEL
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.support_code} {self.door}: {self.outcome}"
