"""The scores of one platform's course, or of one link that names no course, for people who teach it there."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.querysets import PendingScoreQuerySet
from lti_1p3_provider.scores.status.course_page import MAX_ACTIVITIES


def rows_of(link: ResourceLink, course_key: CourseKey, activity: str = "") -> PendingScoreQuerySet:
    """Return the scores of the link's class in an Open edX course, or in one of its blocks."""
    rows = PendingScore.objects.filter(course_key=str(course_key), line_item__in=_columns(link))
    return rows.filter(usage_key=activity) if activity else rows


def activities(link: ResourceLink, course_key: CourseKey) -> list[tuple[str, str]]:
    """Return the blocks of the course that the class has columns for, with their titles, by title."""
    keys = _columns(link).filter(course_key=str(course_key)).values_list("usage_key", flat=True)
    found = sorted(set(keys.order_by("usage_key").distinct()[:MAX_ACTIVITIES]))
    known = outline.titles(found) if found else {}
    named = [(key, known.get(key) or key.rpartition("@")[2]) for key in found]
    return sorted(named, key=lambda one: one[1].casefold())


def _columns(link: ResourceLink) -> QuerySet[LineItem]:
    """Return the columns of the class. A context belongs to one deployment, so nobody else's are among them. Links
    without a column are left out: their platform did not ask for grades."""
    graded = LineItem.objects.with_column()
    if link.context_id is not None:
        return graded.filter(resource_link__context_id=link.context_id)
    return graded.filter(Q(resource_link_id=link.pk) | Q(resource_link__part_of_id=link.pk))
