"""Change: what somebody did to a registration, or to what belongs to one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.conf import conf
from lti_1p3_provider.organizations import OfOrganization

APP_LABEL = "lti_1p3_provider"
NAME_LENGTH = 255


class Change(OfOrganization):
    """One thing that somebody did. ``before`` and ``after`` hold what differs: settings and numbers, no secret and
    nobody's name. ``registration_pk`` stays when the registration goes. ``actor`` is empty once the account is gone,
    where a platform's own administrator used an invitation, where a launch or the clean-up gave or took a role, where
    a roster was read, and where a management command did it.

    .. no_pii:
    """

    class Action(models.TextChoices):
        """What was done."""

        CREATED = "created", _("created")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")
        RESENT = "resent", _("sent again")
        COMPARED = "compared", _("compared")
        FORGOTTEN = "forgotten", _("forgotten")

    class Way(models.TextChoices):
        """Where it was done."""

        ADMIN = "admin", _("admin")
        API = "api", _("API")
        INVITATION = "invitation", _("invitation")
        LAUNCH = "launch", _("launch")
        ROSTER = "roster", _("roster")
        COMMAND = "command", _("command")
        CLEAN_UP = "clean-up", _("clean-up")

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(conf.user_model, null=True, on_delete=models.SET_NULL, related_name="+")
    way = models.CharField(max_length=16, choices=Way.choices)
    action = models.CharField(max_length=16, choices=Action.choices)
    kind = models.CharField(max_length=32)
    name = models.CharField(max_length=NAME_LENGTH, blank=True)
    registration_pk = models.BigIntegerField(null=True, db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        app_label = APP_LABEL
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.action}"
