"""What rows that have a reason share."""

from __future__ import annotations

from django.db import models

from lti_1p3_provider.scores import reasons


class Explained(models.Model):
    """A row with a reason. ``http_status``: 0 if there was no answer. ``detail``: what the platform said in its own
    words, or what was being done. ``reasons`` has the words for people.

    .. no_pii:
    """

    reason = models.CharField(max_length=32, blank=True)  # no choices: their words would be in migrations
    http_status = models.PositiveSmallIntegerField(default=0)
    detail = models.CharField(max_length=reasons.MAX_DETAIL, blank=True)

    class Meta:
        abstract = True

    @property
    def why(self) -> reasons.Why | None:
        """The reason; None if there is none."""
        return reasons.Why(reasons.named(self.reason), self.http_status, self.detail) if self.reason else None
