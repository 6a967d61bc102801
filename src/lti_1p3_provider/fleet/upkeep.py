"""Keeps the fleet up to date: counts launches, judges every registration, and drops old tallies.

The regular clean-up does it, from cron or Celery's beat. Opening the page of a large fleet makes a worker do it, too.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from lti_1p3_provider.background import after_commit_once
from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.database.upserts import CHUNK, upsert
from lti_1p3_provider.diagnostics import tallies as launches
from lti_1p3_provider.fleet.facts import Tail, gather, tail
from lti_1p3_provider.fleet.health import judge
from lti_1p3_provider.fleet.models import Standing
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.outbox import tallies as scores

TASK = "lti_1p3_provider.look_at_fleet"
PAUSE = 60  # seconds between two times that a worker is asked

log = logging.getLogger(__name__)


def keep_up() -> int:
    """Count launches and judge all registrations; return how many were judged."""
    launches.roll_up()
    return look_at_all()


def drop_old() -> int:
    """Delete tallies of launches and scores that are too old to keep; return how many."""
    return launches.drop_old() + scores.drop_old()


def look_at_all(now: datetime | None = None) -> int:
    """Store the standing of each registration; return of how many. An error is logged: the page works without it."""
    now, above, last, looked = now or timezone.now(), tail(now), 0, 0
    try:
        while pks := list(Registration.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            looked += _look_at(pks, above, now)
            last = pks[-1]
    except DatabaseError as error:
        log.error("LTI fleet: not all registrations were looked at: %s", traced(error))
    return looked


def ask() -> None:
    """Have a worker do it once the running transaction is committed, unless somebody has just asked for it."""
    after_commit_once(TASK, (), "the next clean-up does it", PAUSE)


def _look_at(pks: list[int], above: Tail, now: datetime) -> int:
    found = gather(pks, above, now)
    rows = [
        Standing(registration_id=pk, word=judge(facts, now).word, looked_at=now) for pk, (_, facts) in found.items()
    ]
    upsert(rows, ("registration",), ("word", "looked_at"))
    return len(rows)
