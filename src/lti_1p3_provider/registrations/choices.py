"""What an operator chooses for a registration's people: which accounts they get, and which roles in courses."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.host.course_roles import RoleName

COURSE_ROLES = (
    (RoleName.STAFF.value, _("course staff")),
    (RoleName.LIMITED_STAFF.value, _("limited staff: as course staff, without Studio")),
    (RoleName.BETA_TESTER.value, _("beta tester: sees content early")),
)
ACCOUNT_FIELDS = ("learner_accounts", "teacher_accounts")  # which accounts its new people get
ROLE_FIELDS = ("instructor_role", "assistant_role", "designer_role")  # what people of a platform's course become here


class AccountMode(models.TextChoices):
    """Which account a new person gets. See ``users.modes``."""

    NEW = "new", _("a new account")
    PROOF = "existing_with_proof", _("a new account, or one that they have and sign in to")
    ONLY = "existing_only", _("an account that they have and sign in to")


def accounts_field(label: Any) -> Any:
    """Return a field for what new people of one kind get."""
    return models.CharField(label, max_length=24, choices=AccountMode.choices, default=AccountMode.NEW)


def role_field(label: Any) -> Any:
    """Return a field for the role that people of one kind get in courses."""
    return models.CharField(label, max_length=16, blank=True, default="", choices=COURSE_ROLES)
