"""Sends what is due: claim rows, read each learner's grades once, post, note what the platform said."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti import ags
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.scores import outbox, retry
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.retry import Decision

MOST_BATCHES = 200

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Report:
    """What one run did. ``next_in``: seconds until the first postponed score is due again."""

    delivered: int = 0
    settled: int = 0
    postponed: int = 0
    parked: int = 0
    next_in: float | None = None


def deliver_due() -> Report:
    """Deliver all scores that are due now; safe to run in any number of workers at once."""
    report = Report()
    if not conf.enabled:
        return report
    for _ in range(MOST_BATCHES):
        rows = outbox.claim_due()
        if not rows:
            break
        for _learner, group in groupby(sorted(rows, key=_learner_and_course), key=_learner_and_course):
            _deliver_learner(list(group), report)
    return report


def _learner_and_course(row: PendingScore) -> tuple[int, str]:
    return row.platform_user.user_id, row.line_item.course_key


def _deliver_learner(rows: list[PendingScore], report: Report) -> None:
    """One learner's due scores in one course share one reading of grades; one bad row does not stop the others."""
    try:
        grades = _grades(rows)
    except Exception as error:  # the LMS's own failure, or one row's: those that fail alone too are tried again
        if len(rows) > 1:
            for row in rows:
                _deliver_learner([row], report)
            return
        log.exception("LTI scores: the grade of row %s cannot be read", rows[0].pk)
        failed = retry.of_error(LtiError(type(error).__name__), rows[0].attempts, timezone.now())
        _note(rows[0], failed, None, report)
        return
    for row in rows:
        grade = grades.get(row.line_item.usage_key)
        try:
            decision = _deliver(row, grade)
        except Exception as error:  # a poisoned row must not keep a thousand good ones
            if not isinstance(error, LtiError):
                log.exception("LTI scores: row %s failed", row.pk)
                error = LtiError(type(error).__name__)
            decision = retry.of_error(error, row.attempts, timezone.now())
        _note(row, decision, grade, report)


def _grades(rows: Iterable[PendingScore]) -> Mapping[str, Grade]:
    """Return fresh grades by usage key."""
    first, *_rest = rows = list(rows)
    course_key = CourseKey.from_string(first.line_item.course_key)
    wanted = {UsageKey.from_string(row.line_item.usage_key).map_into_course(course_key) for row in rows}
    found = host.current().grades.read(first.platform_user.user_id, course_key, wanted)
    return {str(key): grade for key, grade in found.items()}


def _deliver(row: PendingScore, grade: Grade | None) -> Decision:
    item = row.line_item
    if grade is None:
        return Decision("no grade: hidden, reset or never attempted; the platform keeps what it has")
    if not item.url or ags.SCORE_SCOPE not in item.scopes:
        return Decision("the platform offers no column for this link")
    if (row.sent_given, row.sent_maximum) == (grade.earned, grade.possible):
        return Decision("unchanged")
    deployment = item.resource_link.deployment
    traits = preset(deployment.registration.platform)
    at = timezone.now()
    if row.last_timestamp is not None:
        at = max(at, row.last_timestamp + timedelta(seconds=traits.score_interval))
    if not outbox.stamp(row, at):
        return Decision("taken over by another worker, or switched off", retry_at=timezone.now())
    score = ags.Score(row.platform_user.sub, grade.earned, grade.possible, at)
    return retry.of_answer(ags.post_score(deployment, item.url, score), traits, row.attempts, timezone.now())


def _note(row: PendingScore, decision: Decision, grade: Grade | None, report: Report) -> None:
    """Write the decision down."""
    if decision.delivered and grade is not None:
        outbox.delivered(row, grade.earned, grade.possible, decision.answer)
        report.delivered += 1
    elif decision.retry_at is not None:
        outbox.again(row, decision.retry_at, decision.answer)
        wait = (decision.retry_at - timezone.now()).total_seconds()
        report.next_in = wait if report.next_in is None else min(report.next_in, wait)
        report.postponed += 1
    elif decision.parked:
        outbox.parked(row, decision.parked, decision.answer)
        report.parked += 1
    else:
        outbox.settled(row, decision.answer)
        report.settled += 1
