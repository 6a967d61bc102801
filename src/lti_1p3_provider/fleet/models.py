"""Standing: the place of a registration in the order of the fleet."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.registrations.models import APP_LABEL, Registration


class Standing(models.Model):
    """A registration's health when it was last judged, so that thousands can be sorted at once. The page itself judges
    the rows that it shows anew. ``word`` is a ``health.Word``; the worst is the smallest.

    .. no_pii:
    """

    # No constraint: whoever deletes a registration waits for no look at the fleet, and this for nobody.
    registration = models.OneToOneField(
        Registration, primary_key=True, on_delete=models.CASCADE, related_name="standing", db_constraint=False
    )
    word = models.PositiveSmallIntegerField(db_index=True)
    looked_at = models.DateTimeField()

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("fleet")
        verbose_name_plural = _("Fleet")

    def __str__(self) -> str:
        return f"standing of registration {self.registration_id}"
