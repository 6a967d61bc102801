"""Standing: where a registration stands in the order of the fleet."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.registrations.models import APP_LABEL, Registration


class Standing(models.Model):
    """What a registration's health was when it was looked at last, so that thousands can be put in order at once; the
    page itself looks again at those that it shows. ``word`` is a ``health.Word``: the worst is the smallest.

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
