"""Which organization something belongs to, or whether it is the site's own.

Names of organizations are compared byte by byte, as their courses' keys are. Some databases ignore case, so rows are
found by the digest of the name.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from lti_1p3_provider.identifiers import DIGEST_LENGTH, digest

PATTERN = re.compile(r"[\w.~-]+")  # what a course key may hold between its plus signs
MAX_LENGTH = 255
SITE = "@site"  # names the site itself where addresses name an organization; none has such a name
NAME = RegexValidator(rf"^{PATTERN.pattern}\Z", _("No organization has such a name."))


class OfOrganization(models.Model):
    """What belongs to an organization; to the site itself where ``org`` is empty.

    .. no_pii:
    """

    org = models.CharField(
        _("organization"),
        max_length=MAX_LENGTH,
        blank=True,
        default="",
        validators=[NAME],
        help_text=_(
            "As in the keys of its courses. Its staff manage it through the API, and it opens nothing of other "
            "organizations, whatever the gate names. Empty: it is the site's own, for superusers only."
        ),
    )
    org_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True, default="", editable=False, db_index=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the digest up to date."""
        self.org_digest = digest(self.org) if self.org else ""
        super().save(*args, **kwargs)


def is_name(text: str) -> bool:
    """Tell whether an organization may have this name."""
    return len(text) <= MAX_LENGTH and PATTERN.fullmatch(text) is not None


def where_of(org: str, prefix: str = "") -> Q:
    """Return what is true of an organization's rows, for a query of what leads to them by ``prefix``, like
    ``registration__``. ``org`` empty: of the site's own."""
    return Q(**{f"{prefix}org_digest": digest(org) if org else ""})


def meant(name: str) -> str:
    """Return whom an address means: an organization, or the site, which is the empty name."""
    return "" if name == SITE else name


def in_addresses(org: str) -> str:
    """Return how an address names an organization, or the site."""
    return org or SITE
