"""What a course's team sees of rosters: one line for each platform course that links here, in three queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.errors import RosterNotOffered
from lti_1p3_provider.lti.nrps import Status
from lti_1p3_provider.memberships import words
from lti_1p3_provider.memberships.models import Member, Roster
from lti_1p3_provider.resource_links.models import Context, ResourceLink
from lti_1p3_provider.scores.models import PendingScore

MAX_CONTEXTS = 50  # on the page


@dataclass(frozen=True, slots=True)
class Line:
    """A platform's course. ``roster`` is None if the platform was never asked.

    The numbers are as of the last read. ``listed``: people who are in the platform's course now. Of these, ``launched``
    have opened some activity through the platform's registration, in whichever course; ``scored`` have a score from
    this course; ``ahead`` have an account that a roster made, and never came. ``left``: people who were listed once and
    are not any more.
    """

    context: Context
    roster: Roster | None
    listed: int = 0
    launched: int = 0
    scored: int = 0
    ahead: int = 0
    left: int = 0

    @property
    def done_ahead(self) -> list[str]:
        """What the last read did for people before they come, in sentences; none if nothing is done ahead."""
        return words.said(self.roster.ahead) if self.roster and self.context.deployment.registration.ahead_way else []

    @property
    def failed(self) -> str:
        """Why the last try failed, in words; empty if it did not."""
        return words.failed(self.roster.failure) if self.roster and self.roster.failure else ""

    @property
    def not_offered(self) -> str:
        """What to do where no launch said where the list is."""
        return words.failed(RosterNotOffered.code)

    @property
    def missing(self) -> int:
        """How many of the listed people have never come."""
        return self.listed - self.launched


def contexts_of(course_key: CourseKey) -> Any:
    """Return the platform courses that have links to a course, as rows."""
    links = ResourceLink.objects.filter(course_key=str(course_key), context__isnull=False)
    rows = Context.objects.filter(pk__in=links.order_by().values("context"))
    return rows.select_related("deployment__registration").order_by("pk")


def lines(course_key: CourseKey) -> tuple[list[Line], bool]:
    """Return the lines of a course's page, and whether there are more."""
    found = list(contexts_of(course_key)[: MAX_CONTEXTS + 1])
    shown = found[:MAX_CONTEXTS]
    rosters = {row.context_id: row for row in Roster.objects.filter(context__in=shown)}
    figures = {row.pop("context"): row for row in _figures(shown, course_key)}
    said = [Line(one, rosters.get(one.pk), **figures.get(one.pk, {})) for one in shown]
    return said, len(found) > MAX_CONTEXTS


def _figures(shown: list[Context], course_key: CourseKey) -> Any:
    sent = PendingScore.objects.filter(
        platform_user=OuterRef("platform_user"),
        course_key=str(course_key),
        line_item__resource_link__context=OuterRef("context"),
        sent_at__isnull=False,
    )
    here = ~Q(status=Status.DELETED)
    came = here & Q(platform_user__isnull=False, platform_user__ahead=False)
    return (
        Member.objects.filter(context__in=shown)
        .order_by()
        .annotate(has_score=Exists(sent))
        .values("context")
        .annotate(
            listed=Count("pk", filter=here),
            launched=Count("pk", filter=came),
            scored=Count("pk", filter=came & Q(has_score=True)),
            ahead=Count("pk", filter=here & Q(platform_user__ahead=True)),
            left=Count("pk", filter=Q(status=Status.DELETED)),
        )
    )
