"""Context and ResourceLink, scoped by deployment."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.registrations.models import APP_LABEL, Deployment


class Context(models.Model):
    """A platform's course. (LTI 1.3 Core, 5.4.1) ``memberships_url``: where the platform lists its people, from the
    last launch that named such an address; empty if none did.

    .. no_pii:
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    context_id = models.TextField()
    context_digest = models.CharField(max_length=DIGEST_LENGTH)
    label = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=255, blank=True)
    memberships_url = models.TextField(blank=True, default="")

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "context_digest"], name="lti1p3_context_identity")
        ]

    def __str__(self) -> str:
        return self.title or self.label or self.context_id[:64]


class ResourceLink(models.Model):
    """Our content, placed in a platform's course, and what it opens, as of its last launch. (LTI 1.3 Core, 5.3.5)

    A part of a link to a whole course has a column of its own. The platform has no such link, so it has no ``link_id``.

    .. no_pii:
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    link_id = models.TextField(blank=True)
    part_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="parts")
    link_digest = models.CharField(max_length=DIGEST_LENGTH)
    context = models.ForeignKey(Context, null=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=255, blank=True)
    course_key = models.CharField(max_length=255)
    usage_key = models.CharField(max_length=255)

    class Meta:
        app_label = APP_LABEL
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["deployment", "link_digest"], name="lti1p3_link_identity")
        ]

    def __str__(self) -> str:
        return self.title or self.link_id[:64]
