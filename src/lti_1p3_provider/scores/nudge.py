"""Wakes a worker. A nudge that gets lost is only a delay: the row stays due, and any later run takes it."""

from __future__ import annotations

from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

from lti_1p3_provider.conf import conf

TASK = "lti_1p3_provider.deliver_scores"


def nudge(delay: float) -> None:
    """Have due scores delivered ``delay`` seconds after the running transaction is committed."""
    transaction.on_commit(partial(_send, delay), robust=True)


def _send(delay: float) -> None:
    where: dict[str, Any] = {"queue": conf.celery_queue} if conf.celery_queue else {}
    current_app.tasks[TASK].apply_async(countdown=delay, retry=False, **where)
