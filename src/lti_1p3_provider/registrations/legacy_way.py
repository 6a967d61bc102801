"""How a registration's people are recognized from LTI 1.1: the fields, and when they are complete."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

SIGNED, STATED, SAME_IDS = "signed", "stated", "same_ids"
LEGACY_WAYS = (
    (SIGNED, _("by the platform's signature, made with the LTI 1.1 secret")),
    (STATED, _("by what the platform says, without a signature")),
    (SAME_IDS, _("by the same user ids: the platform kept them")),
)
LEGACY_FIELDS = ("legacy_way", "legacy_consumer_key", "legacy_until")


class LegacyWay(models.Model):
    """Part of a registration. A way without a signature needs exactly one LTI 1.1 key, and a last day."""

    legacy_way = models.CharField(
        _("recognize people of LTI 1.1"),
        max_length=16,
        blank=True,
        default="",
        choices=LEGACY_WAYS,
        help_text=_(
            "Learners who came through this site's LTI 1.1 provider keep their account at their first launch. Empty: "
            "everybody gets a new one."
        ),
    )
    legacy_consumer_key = models.CharField(
        _("LTI 1.1 key"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("The platform's key there. Needed without a signature; with one, empty means any key that signs."),
    )
    legacy_until = models.DateField(
        _("recognize them until"),
        null=True,
        blank=True,
        help_text=_("The last day. Needed without a signature: until then the platform decides who is who."),
    )

    class Meta:
        abstract = True

    @property
    def legacy_has_ended(self) -> bool:
        """Whether the last day is over."""
        return self.legacy_until is not None and self.legacy_until < timezone.now().date()

    def legacy_problems(self) -> dict[str, Any]:
        """Return a sentence for each field that is missing or makes no sense."""
        problems: dict[str, Any] = {}
        if self.legacy_way in (STATED, SAME_IDS):
            if not self.legacy_consumer_key:
                problems["legacy_consumer_key"] = _("Without a signature one LTI 1.1 key is needed.")
            if self.legacy_until is None:
                problems["legacy_until"] = _("Without a signature a last day is needed.")
        return problems
