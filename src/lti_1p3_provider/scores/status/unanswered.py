"""Names columns that were not compared by their activity, the course here, and the course there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.scores.gradebook.reconcile import Trouble
from lti_1p3_provider.scores.models import LineItem


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One column. ``where``: the platform and its course. ``why``: in plain words. ``reason``: the same with the
    platform's own words. ``code``: as scripts know it."""

    line_item_pk: int
    activity: str
    course_key: str
    where: str
    scores: int
    why: str
    reason: str
    code: str

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "line_item": self.line_item_pk,
            "activity": self.activity,
            "course": self.course_key,
            "where": self.where,
            "scores": self.scores,
            "reason": self.reason,
            "code": self.code,
        }


def described(troubles: Sequence[Trouble]) -> list[Unanswered]:
    """Return troubles with names that people know. Two queries."""
    links = "resource_link__context", "resource_link__deployment__registration"
    items = LineItem.objects.select_related(*links).in_bulk([one.line_item_pk for one in troubles])
    titles = outline.titles({one.usage_key for one in troubles}) if troubles else {}
    return [
        Unanswered(
            one.line_item_pk,
            titles.get(one.usage_key, "")
            or (item.resource_link.title if item else "")
            or one.usage_key.rpartition("@")[2],
            one.course_key,
            _where(item) if item else "",
            one.scores,
            one.why.happened(),
            one.why.in_full(),
            one.why.code,
        )
        for one in troubles
        for item in [items.get(one.line_item_pk)]
    ]


def _where(item: LineItem) -> str:
    link = item.resource_link
    platform = link.deployment.registration.title
    return f"{platform}, {link.context}" if link.context else platform
