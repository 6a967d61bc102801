"""How a platform takes scores: what waits, what was given up, what was done in the last days, and whether it is down.

Each number is read from an index and is limited: ``lti1p3_score_due``, ``lti1p3_score_given_up`` and
``lti1p3_tally_identity``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone

from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.models import Outage, PendingScore
from lti_1p3_provider.scores.outbox import tallies
from lti_1p3_provider.scores.outbox.tallies import Day
from lti_1p3_provider.scores.status.sentence import iso

DAYS = 14
MAX_OUTAGES = 20  # of single deployments
MAX_COUNTED = 10_000  # rows that are counted; beyond it a page says "more than"


@dataclass(frozen=True, slots=True)
class Count:
    """A number up to ``MAX_COUNTED``; ``more``: there are more."""

    number: int
    more: bool = False

    def __str__(self) -> str:
        return f"{self.number}+" if self.more else str(self.number)


@dataclass(frozen=True, slots=True)
class Overview:
    """One registration's scores. ``late_since``: how long the oldest due score has been due. ``outage``: of the
    registration as a whole. ``outages``: the oldest ones of single deployments, or of their hosts."""

    registration: Registration
    waiting: Count
    parked: Count
    late_since: datetime | None
    outage: Outage | None
    outages: list[Outage]
    days: list[Day]

    @property
    def delivered(self) -> int:
        """Deliveries in all ``days``."""
        return sum(day.delivered for day in self.days)

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        outage = self.outage
        return {
            "registration": self.registration.pk,
            "title": self.registration.title,
            "enabled": self.registration.enabled,
            "waiting": self.waiting.number,
            "given_up": self.parked.number,
            "late_since": self.late_since and iso(self.late_since),
            "outage": outage and _as_json(outage),
            "outages": [
                {**_as_json(one), "deployment": one.deployment and one.deployment.deployment_id, "host": one.host}
                for one in self.outages
            ],
            "days": [
                {"day": f"{day.day}", "delivered": day.delivered, "postponed": day.postponed, "given_up": day.parked}
                for day in self.days
            ],
        }


def of_registration(registration: Registration, most: int = MAX_COUNTED) -> Overview:
    """Return a registration's overview, in five queries; ``most``: rows that are counted."""
    rows = PendingScore.objects.filter(registration=registration).order_by()
    due = rows.filter(due_at__isnull=False)
    known = Outage.objects.filter(registration=registration).select_related("deployment")
    down = list(known.order_by(F("deployment").asc(nulls_first=True), "since")[:MAX_OUTAGES])
    for one in down:
        one.registration = registration
    late = due.filter(due_at__lt=timezone.now()).order_by("due_at")
    return Overview(
        registration=registration,
        waiting=_count(due, most),
        parked=_count(rows.given_up(), most),
        late_since=late.values_list("due_at", flat=True).first(),
        outage=next((one for one in down if one.deployment is None), None),
        outages=[one for one in down if one.deployment is not None],
        days=tallies.of_days(registration.pk, DAYS),
    )


def _as_json(outage: Outage) -> dict[str, Any]:
    moments = {"since": iso(outage.since), "until": iso(outage.until)}
    return {**moments, "reason": outage.says, "code": outage.why.code if outage.why else ""}


def _count(rows: Any, most: int) -> Count:
    number = rows[: most + 1].count()
    return Count(min(number, most), number > most)
