"""LaunchGate: one for a registration, or none; the site's settings say what none means."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.database.storable import not_kept
from lti_1p3_provider.organizations import is_name
from lti_1p3_provider.registrations.models import APP_LABEL, Registration


class LaunchGate(models.Model):
    """Opens what one of its lists names; an empty gate opens nothing.

    ``allowed_keys`` names single blocks of any type. ``allowed_courses`` and ``allowed_orgs`` open the blocks in them,
    unless the block filter leaves out their type. For that the course's list of types counts, else the organization's,
    else the list for all; without any list every type passes.

    .. no_pii:
    """

    registration = models.OneToOneField(Registration, on_delete=models.CASCADE, related_name="gate")
    allowed_keys = models.JSONField(
        _("allowed blocks"), default=list, blank=True, help_text=_("List of usage keys: any block named here opens.")
    )
    allowed_courses = models.JSONField(
        _("allowed courses"),
        default=list,
        blank=True,
        help_text=_('List of course keys: ["course-v1:Org+Course+Run"].'),
    )
    allowed_orgs = models.JSONField(
        _("allowed organizations"), default=list, blank=True, help_text=_('List of organizations: ["Org"].')
    )
    block_filter = models.JSONField(
        _("block types"),
        default=dict,
        blank=True,
        help_text=_(
            'Which block types open: {"courses": {"course-v1:Org+Course+Run": ["problem"]}, '
            '"orgs": {"Org": ["vertical"]}, "all": ["problem", "vertical"]}. '
            "The course's list decides, else the organization's, else the list for all. Empty: every type."
        ),
    )

    class Meta:
        app_label = APP_LABEL
        verbose_name = _("launch gate")

    def __str__(self) -> str:
        return f"gate of {self.registration}"

    @property
    def opens_nothing(self) -> bool:
        """Whether no list names anything."""
        return not (self.allowed_keys or self.allowed_courses or self.allowed_orgs)

    def clean(self) -> None:
        """Check the lists.

        Raises:
            ValidationError: with a sentence for each wrong field.
        """
        problems: dict[str, Any] = {
            "allowed_keys": _problem_with_keys(self.allowed_keys, UsageKey),
            "allowed_courses": _problem_with_keys(self.allowed_courses, CourseKey),
            "allowed_orgs": _problem_with_orgs(self.allowed_orgs),
            "block_filter": _problem_with_filter(self.block_filter),
        }
        problems |= not_kept(self, *problems)
        if found := {name: problem for name, problem in problems.items() if problem}:
            raise ValidationError(found)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _problem_with_keys(value: object, kind: type[CourseKey] | type[UsageKey]) -> Any:
    if not isinstance(value, list) or not _is_texts(value):
        return _("Give a list of keys as texts.")
    for text in value:
        try:
            kind.from_string(text)
        except InvalidKeyError:
            return _("This key cannot be read: %s") % text
    return None


def _problem_with_orgs(value: object) -> Any:
    if not isinstance(value, list) or not _is_texts(value):
        return _("Give a list of organizations as texts.")
    wrong = [text for text in value if not is_name(text)]
    return _("No organization has such a name: %s") % ", ".join(wrong) if wrong else None


def _problem_with_filter(value: object) -> Any:
    if not isinstance(value, dict) or set(value) - {"courses", "orgs", "all"}:
        return _('Give an object with the names "courses", "orgs" and "all" only.')
    by_name = [value.get("courses", {}), value.get("orgs", {})]
    if not all(isinstance(part, dict) and all(map(_is_texts, part.values())) for part in by_name):
        return _('"courses" and "orgs" map a course key or organization to a list of block types.')
    return None if _is_texts(value.get("all", [])) else _('"all" is a list of block types.')
