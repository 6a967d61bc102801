"""Wakes a worker. A nudge that gets lost is only a delay: the row stays due, and any later run takes it."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction

from lti_1p3_provider.conf import conf

TASK = "lti_1p3_provider.deliver_scores"

log = logging.getLogger(__name__)


def nudge(delay: float) -> None:
    """Have due scores delivered ``delay`` seconds after the running transaction is committed."""

    def send() -> None:
        where: dict[str, Any] = {"queue": conf.celery_queue} if conf.celery_queue else {}
        try:
            current_app.tasks[TASK].apply_async(countdown=delay, retry=False, **where)
        except Exception:  # the broker is down: the learner's request must not notice
            log.exception("LTI scores: no worker could be woken; the next run delivers")

    transaction.on_commit(send)
