"""Wakes a worker. A nudge that gets lost is only a delay: the row stays due, and any later run takes it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from celery import current_app
from django.db import transaction

from lti_1p3_provider.conf import conf
from lti_1p3_provider.host.port import GradeChanged

TASK = "lti_1p3_provider.deliver_scores"
NOTE = "lti_1p3_provider.note_grade"
READ_BACK = "lti_1p3_provider.read_back_results"

log = logging.getLogger(__name__)


def nudge(delay: float) -> None:
    """Have due scores delivered ``delay`` seconds after the running transaction is committed."""
    _after_commit(TASK, (), delay, "the next run delivers")


def note_later(change: GradeChanged) -> None:
    """Have a worker note a change of a grade, once the running transaction is committed: here it did not work."""
    arguments = (change.user_id, str(change.course_key), str(change.usage_key), change.at.isoformat(), change.aggregate)
    _after_commit(NOTE, arguments, 0, "the learner's next answer brings the score")


def read_back_later(pks: Sequence[int]) -> None:
    """Have the results of these pending scores read by a worker once the running transaction is committed."""
    _after_commit(READ_BACK, (list(pks),), 0, "no results will be read")


def _after_commit(task: str, arguments: tuple[Any, ...], delay: float, otherwise: str) -> None:
    def send() -> None:
        where: dict[str, Any] = {"queue": conf.celery_queue} if conf.celery_queue else {}
        try:
            current_app.tasks[task].apply_async(args=arguments, countdown=delay, retry=False, **where)
        except Exception:  # the broker is down: the learner's request must not notice
            log.exception("LTI scores: no worker could be woken; %s", otherwise)

    transaction.on_commit(send)
