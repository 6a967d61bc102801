"""Our part of an answer: the LMS's own handler with our receivers of grades connected, and without them, in turns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.urls import reverse
from opaque_keys.edx.keys import UsageKey

from bench.lms import makers, people
from bench.lms.courses import Made
from bench.lms.launches import Amount
from bench.lms.plain_login import PATH
from bench.lms.turns import Taken, in_turns
from bench.visit import OURS, Browsers, VisitFailed
from lti_1p3_provider import host
from lti_1p3_provider.host.port import GradeChanged
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import intake
from lti_1p3_provider.scores.outbox.wake import nudge


@dataclass(frozen=True)
class Reader:
    """Somebody who has a page open, with the cookies of that browser."""

    user_id: int
    cookies: dict[str, str]


def launched(browsers: Browsers, course: Made) -> Reader:
    """Return a learner who has launched problem, unit and subsection, and has the problem's page open."""
    from common.djangoapps.student.models import CourseEnrollment

    first, *others = [people.visitor(block, f"answers-{course.key.run}") for block in course.linked]
    for one in [*others, first]:
        asked = browsers.login(OURS, one)
        entered = browsers.launch(OURS, one, asked)
    user = people.account(first)
    CourseEnrollment.enroll(user, course.key)
    page = browsers.get(entered.location, entered.cookies)
    _require(page.status.startswith("200"), f"content: {page.status} {page.body[:2000]!r}")
    return Reader(int(user.pk), {**entered.cookies, **page.cookies})


def signed_in(browsers: Browsers, course: Made) -> Reader:
    """Return an enrolled learner who came by the LMS's own login and has the problem's page open."""
    from common.djangoapps.student.models import CourseEnrollment

    user = people.plain_account()
    CourseEnrollment.enroll(user, course.key)
    session = browsers.get(PATH.format(user.pk))
    page = browsers.get(own_page(course.problem), session.cookies)
    _require(page.status.startswith("200"), f"render_xblock: {page.status} {page.body[:2000]!r}")
    return Reader(int(user.pk), {**session.cookies, **page.cookies})


def own_page(block: UsageKey) -> str:
    """Return the path of the LMS's own page of a block."""
    return str(reverse("render_xblock", args=[str(block)]))


class Answers:
    """One learner's answers to a course's linked problem."""

    def __init__(self, browsers: Browsers, course: Made, reader: Reader) -> None:
        self._browsers = browsers
        self._course = course
        self._reader = reader

    def compare(self, amount: Amount) -> Taken:
        """Answer with our receivers (``ours``) and without them (``baseline``), each time with another choice."""
        return in_turns(
            partial(self._answer_with, listening=True),
            partial(self._answer_with, listening=False),
            amount.pairs,
            amount.warm_up,
        )

    def parts(self, amount: Amount) -> Taken:
        """What of an answer is ours: receiver and tasks (``ours``), and the tasks alone (``baseline``).

        Where the handler is inside a transaction, tasks are handed to the broker after it, outside our receiver.
        """
        taken: list[float] = []
        clock = self._browsers.clock

        def timed(change: GradeChanged) -> None:
            started = clock()
            intake.grade_changed(change)
            taken.append(clock() - started)
            if connection.in_atomic_block:
                taken.append(self._waking())

        def receiver(number: int) -> float:
            taken.clear()
            self._forget()
            with deaf():
                host.current().grades.connect(timed)
                try:
                    self._answer(number)
                finally:
                    _disconnect(timed)
            self._check()
            return sum(taken)

        return in_turns(receiver, lambda _: self._waking(), amount.pairs, amount.warm_up)

    def queries(self) -> dict[str, list[makers.Query]]:
        """Return the queries of an answer with and without our receivers."""
        found = {}
        for listening in (True, False):
            self._answer_with(int(listening), listening=listening)
            self._forget()
            with nullcontext() if listening else deaf(), makers.recorded() as found[listening]:
                self._answer(0)
        return {"with": found[True], "without": found[False]}

    def _answer_with(self, number: int, *, listening: bool) -> float:
        self._forget()
        with nullcontext() if listening else deaf():
            seconds = self._answer(number + listening)
        if listening:
            self._check()
        return seconds

    def _forget(self) -> None:
        """Make no score due, so that an answer makes ours do all its work: it marks rows and wakes a worker."""
        PendingScore.objects.filter(platform_user__user_id=self._reader.user_id).update(due_at=None)

    def _waking(self) -> float:
        """Return the seconds for which an answer hands work to the broker: now, and when the window closes."""
        if not PendingScore.objects.filter(platform_user__user_id=self._reader.user_id).exists():
            return 0.0
        started = self._browsers.clock()
        nudge(0)
        nudge(900)
        return self._browsers.clock() - started

    def _check(self) -> None:
        rows = PendingScore.objects.filter(platform_user__user_id=self._reader.user_id)
        _require(not rows.filter(due_at=None).exists(), "a linked score was not noted")

    def _answer(self, number: int) -> float:
        problem, choice = self._course.problem, "right" if number % 2 else "wrong"
        keys = {"course_id": str(self._course.key), "usage_id": str(problem)}
        path = reverse("xblock_handler", kwargs={**keys, "handler": "xmodule_handler", "suffix": "problem_check"})
        headers = {"x-csrftoken": self._reader.cookies["csrftoken"], "referer": "https://lms.example/"}
        form = {f"input_{problem.block_id}_2_1": f"choice_{choice}"}
        answer = self._browsers.post(path, form, self._reader.cookies, headers)
        said: Any = json.loads(answer.body) if answer.status.startswith("200") else {}
        _require(said.get("success") in ("correct", "incorrect"), f"answer: {answer.status} {answer.body[:2000]!r}")
        return answer.seconds


@contextmanager
def deaf() -> Iterator[None]:
    """Take our receivers off the LMS's signals meanwhile."""
    _disconnect(intake.grade_changed)
    try:
        yield
    finally:
        host.current().grades.connect(intake.grade_changed)


def _disconnect(receiver: Callable[[GradeChanged], None]) -> None:
    """Undo what the host's ``connect`` did."""
    from lms.djangoapps.grades.api import signals
    from openedx.core.djangoapps.signals.signals import COURSE_GRADE_CHANGED

    heard = (
        signals.PROBLEM_WEIGHTED_SCORE_CHANGED,
        signals.SUBSECTION_SCORE_CHANGED,
        signals.SUBSECTION_OVERRIDE_CHANGED,
        COURSE_GRADE_CHANGED,
    )
    for signal in heard:
        was_there = signal.disconnect(dispatch_uid=("lti_1p3_provider", receiver))
        _require(was_there, "our receiver was not connected")


def _require(is_so: bool, otherwise: str) -> None:
    """Raise ``VisitFailed`` unless it is so: no number would mean anything."""
    if not is_so:
        raise VisitFailed(otherwise)
