"""What the stand-in LMS stores of people and their work."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Profile(models.Model):
    """As the LMS's UserProfile: a user without one breaks other parts of it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="demo_profile")
    name = models.CharField(max_length=255, blank=True)
    meta = models.TextField(blank=True)  # JSON

    def get_meta(self) -> dict[str, Any]:
        """Return what else is recorded of the person."""
        return dict(json.loads(self.meta)) if self.meta else {}

    def set_meta(self, meta_json: dict[str, Any]) -> None:
        """Replace it, in memory."""
        self.meta = json.dumps(meta_json)

    def set_login_session(self, session_id: str | None = None) -> None:
        """As in the LMS: end the recorded session, whichever it is, and record this one. Saves all fields."""
        meta = self.get_meta()
        if old_login := meta.get("session_id"):
            import_module(settings.SESSION_ENGINE).SessionStore(session_key=old_login).delete()
        self.set_meta({**meta, "session_id": session_id})
        self.save()


class BlockState(models.Model):
    """A learner's work on one problem, and its weighted points. ``attempted`` is false after a reset."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    usage_key = models.CharField(max_length=255)
    course_key = models.CharField(max_length=255)
    attempted = models.BooleanField(default=True)
    earned = models.FloatField(default=0)
    possible = models.FloatField(default=0)
    answers = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "usage_key"], name="demo_block_state")]


class PersistedGrade(models.Model):
    """A subsection's stored grade. It is written later than the answer that changed it, as in the LMS."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    usage_key = models.CharField(max_length=255)
    course_key = models.CharField(max_length=255)
    earned = models.FloatField(default=0)
    possible = models.FloatField(default=0)
    stale_since = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "usage_key"], name="demo_persisted_grade")]


class Enrolment(models.Model):
    """Somebody takes part in a course. The row of somebody who left stays, as in the LMS."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    course_key = models.CharField(max_length=255)
    mode = models.CharField(max_length=32)
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "course_key"], name="demo_enrolment")]


class RetirementStatus(models.Model):
    """Somebody's account is being deleted, or was, as the LMS's queue says."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")


class ManyCourse(models.Model):
    """A course of a generated site (``demo_course --generate``); its ``number`` says what is in it."""

    course_key = models.CharField(max_length=255, unique=True)
    title = models.CharField(max_length=255)
    number = models.PositiveIntegerField()
    blocks = models.PositiveIntegerField()


class LtiConsumer(models.Model):
    """A platform of LTI 1.1, in the table of the LMS's own provider."""

    consumer_name = models.CharField(max_length=255, unique=True)
    consumer_key = models.CharField(max_length=32, unique=True)
    consumer_secret = models.CharField(max_length=32, unique=True)
    instance_guid = models.CharField(max_length=255, null=True, unique=True)

    class Meta:
        db_table = "lti_provider_lticonsumer"


class LtiUser(models.Model):
    """A person of such a platform, and the account."""

    lti_consumer = models.ForeignKey(LtiConsumer, on_delete=models.CASCADE)
    lti_user_id = models.CharField(max_length=255)
    edx_user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        db_table = "lti_provider_ltiuser"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lti_consumer", "lti_user_id"], name="demo_lti_user_identity")
        ]
