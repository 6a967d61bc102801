"""Hands work to a Celery worker, once the running transaction is committed."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.db import transaction

from lti_1p3_provider.conf import conf

log = logging.getLogger(__name__)


def after_commit(task: str, arguments: tuple[Any, ...], otherwise: str, delay: float = 0) -> None:
    """Have ``task`` run with these arguments, ``delay`` seconds after the running transaction is committed.

    A broker that is down is written to the log, with what happens ``otherwise``: the request must not notice.
    """

    def send() -> None:
        where: dict[str, Any] = {"queue": conf.celery_queue} if conf.celery_queue else {}
        try:
            current_app.tasks[task].apply_async(args=arguments, countdown=delay, retry=False, **where)
        except Exception:  # whatever the broker's client raises
            log.exception("LTI: no worker could be woken for %s; %s", task, otherwise)

    transaction.on_commit(send)
