"""LaunchAttempt, which an operator finds by a support code; LaunchTally, LastLaunch and TallyMark, which count
attempts."""

from __future__ import annotations

from typing import ClassVar

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


class LaunchTally(models.Model):
    """How many launches of a registration succeeded on a day (UTC), and how many were refused: after the platform's
    signature was checked (``refused``), or before (``unproven``), when anybody may pretend to be the platform.

    .. no_pii:
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(db_index=True)
    succeeded = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    unproven = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["registration", "day"], name="lti1p3_launch_tally_identity")
        ]

    def __str__(self) -> str:
        return f"launches of registration {self.registration_id} on {self.day}"


class LastLaunch(models.Model):
    """When a registration's newest launch succeeded, and when the newest one was refused, with the error's code.

    .. no_pii:
    """

    registration = models.OneToOneField(
        Registration, primary_key=True, on_delete=models.CASCADE, related_name="last_launch"
    )
    launched_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    refusal = models.CharField(max_length=64, blank=True)

    class Meta:
        app_label = APP_LABEL

    def __str__(self) -> str:
        return f"last launch of registration {self.registration_id}"


class TallyMark(models.Model):
    """One row: the primary key up to which attempts are in the tallies, and when nothing was left to count.

    .. no_pii:
    """

    up_to = models.BigIntegerField(default=0)
    caught_up_at = models.DateTimeField(null=True)

    class Meta:
        app_label = APP_LABEL

    def __str__(self) -> str:
        return f"tallies up to attempt {self.up_to}"
