"""Whether a registration's people get accounts and enrolments before they come: the field, and when it makes sense."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.platforms import preset

ENROL, ENROL_AND_UNENROL = "enrol", "enrol_and_unenrol"
AHEAD_WAYS = (
    (ENROL, _("make accounts and enrol")),
    (ENROL_AND_UNENROL, _("make accounts, enrol, and unenrol those who left the platform's course")),
)


class AheadWay(models.Model):
    """Part of a registration. See ``memberships.ahead``."""

    ahead_way = models.CharField(
        _("before people come"),
        max_length=24,
        blank=True,
        default="",
        choices=AHEAD_WAYS,
        help_text=_(
            "When a platform's list of a course's people is read, learners on it get an account and an enrolment, in "
            "courses that the gate opens whole. Nobody is unenrolled who was not enrolled so. Empty: a launch does it."
        ),
    )

    class Meta:
        abstract = True

    def ahead_problems(self, enrolment_mode: str, platform: str) -> dict[str, Any]:
        """Return a sentence for each field because of which it cannot work."""
        problems: dict[str, Any] = {}
        if self.ahead_way and not enrolment_mode:
            problems["enrolment_mode"] = _("To enrol people before they come, a mode is needed.")
        if self.ahead_way == ENROL_AND_UNENROL and not preset(platform).lists_everybody:
            problems["ahead_way"] = _(
                "This platform may list only those who have opened an activity: nobody could be told to have left."
            )
        return problems
