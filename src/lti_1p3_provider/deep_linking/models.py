"""DeepLinkingRequest: what a platform asked for, until it is answered."""

from __future__ import annotations

from functools import cached_property

from django.db import models

from lti_1p3_provider.deep_linking.stored_message import message_of
from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.registrations.models import APP_LABEL, Deployment
from lti_1p3_provider.resource_links.models import Context


class DeepLinkingRequest(models.Model):
    """One request for content. Whoever has the token chooses; only its digest is stored.

    ``message``: what the platform said, without who said it, in ASCII, so that every database can store it. The one
    answer sets ``used_at`` and ``chosen`` (how many items). A row stays for a day after it expired, so that the page
    can say so.

    .. no_pii: Nobody is named, unless a site keeps such a custom parameter for its filter. The platform's own state,
        which it gets back, is opaque.
    """

    token_digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="+")
    context = models.ForeignKey(Context, null=True, on_delete=models.SET_NULL, related_name="+")
    message = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)
    chosen = models.PositiveSmallIntegerField(null=True)

    class Meta:
        app_label = APP_LABEL

    @cached_property
    def asked_for(self) -> DeepLinkingMessage:
        """What the platform asked for. It is parsed once, because it may be half a megabyte."""
        return message_of(self.message)

    def __str__(self) -> str:
        return f"request for content {self.pk}"
