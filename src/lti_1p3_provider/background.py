"""Hands work to a Celery worker once the running transaction is committed."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import transaction

from lti_1p3_provider.conf import conf
from lti_1p3_provider.identifiers import digest

log = logging.getLogger(__name__)


def after_commit(task: str, arguments: tuple[Any, ...], otherwise: str, delay: float = 0) -> None:
    """Have ``task`` run with these arguments, ``delay`` seconds after the running transaction is committed.

    The request must not notice that the broker is down: that is written to the log, with what happens ``otherwise``.
    """

    def send() -> None:
        where: dict[str, Any] = {"queue": conf.celery_queue} if conf.celery_queue else {}
        try:
            current_app.tasks[task].apply_async(args=arguments, countdown=delay, retry=False, **where)
        except Exception:  # whatever the broker's client raises
            log.exception("LTI: no worker could be woken for %s; %s", task, otherwise)

    transaction.on_commit(send)


def after_commit_once(task: str, arguments: tuple[Any, ...], otherwise: str, pause: int) -> None:
    """Do the same as ``after_commit``, unless it was asked for with the same arguments in the last ``pause`` seconds.
    If the cache does not answer, it is asked for anyway, which does no harm."""
    try:
        is_first = cache.add(name_of(task, arguments), 1, pause)
    except Exception:  # whatever the cache's client raises
        log.warning("LTI: the cache does not answer; %s is asked for anyway", task)
        is_first = True
    if is_first:
        after_commit(task, arguments, otherwise)


def name_of(task: str, arguments: tuple[Any, ...] = ()) -> str:
    """Return the name under which the cache knows that a task was asked for."""
    return f"lti1p3:asked:{digest(chr(0).join((task, *map(str, arguments))))}"
