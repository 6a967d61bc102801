"""Registrations without a platform behind them, and attempts that were made in their name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from lti_1p3_provider.diagnostics.models import OK, LaunchAttempt
from lti_1p3_provider.registrations.models import Deployment, Registration

numbers = itertools.count(1)
SIGNED, UNSIGNED = ("form", "state", "signature"), ("form", "state")
AGO = timedelta(minutes=30)  # nothing is young


def registered(title: str = "School", deployments: int = 1, **values: object) -> Registration:
    """Make a registration with approved deployments."""
    number = next(numbers)
    known = {
        "issuer": f"https://p{number}.example",
        "client_id": f"c-{number}",
        "key_set_url": "https://p.example/keys",
    }
    row = Registration.objects.create(**{"title": title, **known, **values})
    for name in range(deployments):
        Deployment.objects.create(registration=row, deployment_id=f"{name}")
    return row


def attempted(
    registration: Registration | None,
    number: int = 1,
    outcome: str = OK,
    at: datetime | None = None,
    steps: Sequence[str] = SIGNED,
    door: str = "launch",
    **values: object,
) -> list[int]:
    """Record attempts at a moment, half an hour ago if none is given; return their primary keys."""
    pks = []
    for _ in range(number):
        code = f"F{next(numbers):08d}"
        row = LaunchAttempt.objects.create(
            support_code=code, door=door, outcome=outcome, steps=list(steps), registration=registration, **values
        )
        LaunchAttempt.objects.filter(pk=row.pk).update(created_at=at or timezone.now() - AGO)
        pks.append(row.pk)
    return pks
