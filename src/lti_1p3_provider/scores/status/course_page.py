"""The scores of one Open edX course, a page at a time: what the course team sees.

The number of queries does not grow with the rows of the course; grades are read for the rows of the page only. Rows
are found through ``lti1p3_score_course``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.scores.gradebook.grades import fresh
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import outages
from lti_1p3_provider.scores.querysets import ONLY_OPENED, QUEUED, WHERE, PendingScoreQuerySet, State
from lti_1p3_provider.scores.status import wording
from lti_1p3_provider.scores.status.sentence import Sentence, as_time, points

PAGE = 25
MAX_ROWS = 20_000  # rows that the figures of a course count
NEEDED = ("platform_user__user", "line_item__resource_link__context", "registration", "lane__deployment__registration")
MAX_ACTIVITIES = 300  # that a page offers to choose from
DIFFERENT, OPENED, ALL = "different", "opened", "all"
GRADE_UNREADABLE = "unreadable"

Place = tuple[int, int]  # line item, platform user

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """One score, as a page shows it. ``grade``: None if there is none, ``GRADE_UNREADABLE`` if the LMS failed."""

    row: PendingScore
    state: State
    grade: Grade | str | None
    answer: str
    next: Sentence
    differs: bool
    name: str
    title: str

    @property
    def username(self) -> str:
        """The Open edX username. Of a person, this and the name are shown, and nothing else."""
        return str(self.row.platform_user.user.get_username())

    @property
    def learner(self) -> str:
        """The name, or the username of somebody whose name is not known."""
        return self.name or self.username

    @property
    def activity(self) -> str:
        """The block's title, or what the platform calls the link; where neither is known, the last part of the usage
        key, which course teams know from the address in Studio."""
        return self.title or self.row.line_item.resource_link.title or self.row.usage_key.rpartition("@")[2]

    @property
    def grade_here(self) -> str:
        """Points in the LMS."""
        if isinstance(self.grade, Grade):
            return points(self.grade.earned, self.grade.possible)
        return _("cannot be read now") if self.grade == GRADE_UNREADABLE else ""

    @property
    def sent(self) -> str:
        """Points that the platform took last, and when."""
        return _with_moment(points(self.row.sent_given, self.row.sent_maximum), self.row.sent_at)

    @property
    def result(self) -> str:
        """Points that the platform showed when it was asked, and when that was; empty if it took a score since."""
        if self.row.result_at and self.row.sent_at and self.row.result_at < self.row.sent_at:
            return ""
        return _with_moment(points(self.row.result_given, self.row.result_maximum) or _("nothing"), self.row.result_at)

    @property
    def state_label(self) -> str:
        """The state in a word."""
        return str(wording.STATES[self.state])


@dataclass(frozen=True, slots=True)
class Figures:
    """How many scores of a course are where; ``opened``: of people who did nothing yet but open the activity; ``more``:
    only the first ``MAX_ROWS`` were counted."""

    all: int
    sent: int
    waiting: int
    given_up: int
    opened: int
    more: bool


def activities(course_key: CourseKey) -> list[tuple[str, str]]:
    """Return the blocks of the course that platforms linked, with their titles, by title."""
    items = LineItem.objects.filter(course_key=str(course_key)).order_by("usage_key")
    keys = list(items.values_list("usage_key", flat=True).distinct()[:MAX_ACTIVITIES])
    known = outline.titles(keys)
    named = [(key, known.get(key) or key.rpartition("@")[2]) for key in keys]
    return sorted(named, key=lambda one: one[1].casefold())


def rows_of(course_key: CourseKey, activity: str = "") -> PendingScoreQuerySet:
    """Return all scores of a course, or of one of its blocks, whatever their links open for other people."""
    rows = PendingScore.objects.filter(course_key=str(course_key))
    return rows.filter(usage_key=activity) if activity else rows


def chosen(course_key: CourseKey, learner: str, state: str, activity: str = "") -> PendingScoreQuerySet:
    """Narrow a course's scores to a username, a state and a block; empty texts narrow nothing, but that without a state
    those who only opened the activity are left out. A strange state narrows everything.
    """
    rows = rows_of(course_key, activity)
    if learner:
        rows = rows.filter(platform_user__user__username=learner)
    match state:
        case "":
            return rows.exclude(ONLY_OPENED)
        case "all":
            return rows
        case "opened":
            return rows.only_opened()
        case "different":
            return rows.different()
        case "not_sent":
            return rows.not_sent().exclude(ONLY_OPENED)
    return rows.in_state(State(state)) if state in set(State) else rows.none()


def urgent(rows: PendingScoreQuerySet, course_key: CourseKey) -> list[Line]:
    """Return the first of the rows that wait for a person."""
    given_up = rows.given_up().select_related(*NEEDED)
    return lines(list(given_up.order_by("line_item_id", "platform_user_id")[:PAGE]), course_key)


def page(rows: PendingScoreQuerySet, course_key: CourseKey, after: Place | None) -> tuple[list[Line], Place | None]:
    """Return the rows behind ``after``, by line item and person, and where the next page begins."""
    if after is not None:
        item, person = after
        rows = rows.filter(line_item_id__gte=item)
        rows = rows.filter(Q(line_item_id__gt=item) | Q(platform_user_id__gt=person))
    ordered = rows.order_by("line_item_id", "platform_user_id")
    found = list(ordered.values_list("pk", "line_item_id", "platform_user_id")[: PAGE + 1])
    pks = [pk for pk, *_place in found[:PAGE]]
    full = PendingScore.objects.filter(pk__in=pks).select_related(*NEEDED)
    shown = sorted(full, key=lambda row: (row.line_item_id, row.platform_user_id))
    last = found[PAGE - 1][1:] if len(found) > PAGE else None
    return lines(shown, course_key), last


def lines(rows: list[PendingScore], course_key: CourseKey) -> list[Line]:
    """Return rows, which come with what is ``NEEDED``, as lines."""
    waits_for = outages.of_rows(rows)
    grades, now = _grades_of(rows), timezone.now()
    names = host.current().identity.names({row.platform_user.user_id for row in rows}) if rows else {}
    titles = outline.titles({row.usage_key for row in rows}) if rows else {}
    return [
        Line(
            row=row,
            state=row.state,
            grade=grades.get(row.pk),
            answer=wording.answer(row),
            next=wording.what_next(row, waits_for.get(row.pk), now),
            differs=row.differs,
            name=names.get(row.platform_user.user_id, ""),
            title=titles.get(row.usage_key, ""),
        )
        for row in rows
    ]


def figures(course_key: CourseKey) -> Figures:
    """Count a course's scores, in one query."""
    rows = rows_of(course_key).order_by().values("pk", "given_up", "due_at", "sent_at", "changed_at")[:MAX_ROWS]
    counted = rows.aggregate(
        all=Count("pk"),
        sent=Count("pk", filter=WHERE[State.SENT]),
        waiting=Count("pk", filter=QUEUED),
        needs_a_person=Count("pk", filter=WHERE[State.GIVEN_UP]),  # no aggregate may have a column's name
        opened=Count("pk", filter=ONLY_OPENED),
    )
    return Figures(given_up=counted.pop("needs_a_person"), **counted, more=counted["all"] == MAX_ROWS)


def _grades_of(rows: list[PendingScore]) -> Mapping[int, Grade | str | None]:
    found: dict[int, Grade | str | None] = {row.pk: known for row in rows if (known := row.known_grade)}
    unknown = sorted((row for row in rows if row.pk not in found), key=_user)
    for user_id, group in groupby(unknown, key=_user):
        found |= _read(user_id, list(group))
    return found


def _with_moment(said: str, at: datetime | None) -> str:
    return "" if at is None else format_html('{} <span class="quiet">{}</span>', said, as_time(at))


def _user(row: PendingScore) -> int:
    return int(row.platform_user.user_id)


def _read(user_id: int, rows: list[PendingScore]) -> Mapping[int, Grade | str | None]:
    """Read one learner's grades; a page is no reason to fail."""
    try:
        return fresh(rows)
    except Exception:  # the LMS's own failure
        log.exception("LTI scores: grades of user %s cannot be read", user_id)
        return dict.fromkeys((row.pk for row in rows), GRADE_UNREADABLE)
