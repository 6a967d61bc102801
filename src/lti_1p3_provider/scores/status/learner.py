"""What a learner is told about their own score, above the content in the platform's frame."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.utils import timezone
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outages
from lti_1p3_provider.scores.querysets import State
from lti_1p3_provider.scores.status.sentence import Sentence, iso, points

MAX_ROWS = 5  # columns of one block that one learner launched
SOONEST, LATEST = 3.0, 60.0  # seconds until the page asks again


def status_of(
    user: AbstractUser, course_key: CourseKey, usage_key: UsageKey, link_pk: int | None = None
) -> dict[str, Any]:
    """Return the sentences about exactly this block and user, and in how many seconds to ask again, if at all.

    ``link_pk``: the link through which the user opened the block last. What became of the score in the columns of other
    links says nothing about this one.
    """
    mine = PendingScore.objects.filter(
        platform_user__user_id=user.pk, course_key=str(course_key), usage_key=str(usage_key)
    ).select_related("registration", "line_item__resource_link")
    if link_pk is not None:
        mine = mine.filter(line_item__resource_link_id=link_pk)
    rows = list(mine[:MAX_ROWS])
    now = timezone.now()
    down = outages.of_rows(rows)
    said = [(row.state, sentence(row, row.pk in down, now)) for row in rows]
    waits = [_again_in(row.due_at, now) for row in rows if row.due_at]
    return {
        "scores": [_as_json(state, text) for state, text in said if text is not None],
        "again_in": round(min(waits), 1) if waits else None,
    }


def sentence(row: PendingScore, is_down: bool, now: datetime) -> Sentence | None:
    """Return what the learner reads, with ``{time}`` where the browser puts a time; None if there is nothing to say."""
    platform = row.registration.title
    match row.state:
        case State.SENT if row.sent_at:
            sent = {"platform": platform, "points": points(row.sent_given, row.sent_maximum)}
            return Sentence(_("Sent to %(platform)s at {time} (%(points)s).") % sent, {"time": row.sent_at})
        case State.GIVEN_UP:
            text = _("Your score could not be sent to %s. Your work here is safe. Please tell your course team.")
            return Sentence(text % platform)
        case State.WAITING | State.RETRYING if row.changed_at is None:
            return None  # nothing was answered since the link was opened first: there may be no grade at all
        case State.WAITING | State.RETRYING as state if row.due_at:
            if is_down or state is State.RETRYING:
                text = _("%s does not take your score right now. It will be sent again; you need not do anything.")
                return Sentence(text % platform)
            if row.due_at <= now:
                return Sentence(_("Your score is being sent to %s.") % platform)
            return Sentence(_("Your score will be sent to %s by {time}.") % platform, {"time": row.due_at})
    return None


def _as_json(state: State, said: Sentence) -> dict[str, Any]:
    return {"state": state, "text": said.text, "moments": {name: iso(at) for name, at in said.moments.items()}}


def _again_in(due_at: datetime, now: datetime) -> float:
    return min(max((due_at - now).total_seconds() + 1, SOONEST), LATEST)
