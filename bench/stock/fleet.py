"""The fleet as a page has it that counts when it is opened: each table grouped by registration, in one query each."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.scores.models import Outage, PendingScore

SIZE = 25


def page() -> list[Any]:
    """Return the first page of registrations with what was counted, those with most problems first."""
    since = timezone.now() - timedelta(days=14)
    attempts = LaunchAttempt.objects.order_by().values("registration_id")
    by_day = attempts.filter(created_at__gte=since).annotate(day=TruncDate("created_at", tzinfo=UTC))
    days: dict[int, list[Any]] = {}
    for row in by_day.values("registration_id", "day").annotate(
        all=Count("pk"), refused=Count("pk", filter=~Q(outcome=OK))
    ):
        days.setdefault(row["registration_id"], []).append(row)
    last = dict(attempts.filter(outcome=OK).annotate(at=Max("created_at")).values_list("registration_id", "at"))
    scores = PendingScore.objects.order_by().values("registration_id")
    waiting = dict(scores.filter(due_at__isnull=False).annotate(n=Count("pk")).values_list("registration_id", "n"))
    parked = dict(scores.filter(given_up=True).annotate(n=Count("pk")).values_list("registration_id", "n"))
    deployments = Deployment.objects.filter(status=Deployment.Status.PENDING).order_by().values("registration_id")
    pending = dict(deployments.annotate(n=Count("pk")).values_list("registration_id", "n"))
    down = set(Outage.objects.values_list("registration_id", flat=True))
    rows = [
        (
            -sum((pk in down, bool(parked.get(pk)), bool(pending.get(pk)))),
            title,
            pk,
            days.get(pk, []),
            last.get(pk),
            waiting.get(pk),
        )
        for pk, title in Registration.objects.values_list("pk", "title")
    ]
    return sorted(rows, key=lambda row: row[:2])[:SIZE]
