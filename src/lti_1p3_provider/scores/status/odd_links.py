"""Links of a course that somebody should look at: those that open different blocks, and those whose columns are
wrong."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.reasons import Reason

FOR_TEAMS = (Reason.TWO_COLUMNS, Reason.NOT_WANTED)
MAX_LINKS, MAX_BLOCKS = 20, 5  # of those that open different blocks


@dataclass(frozen=True, slots=True)
class MixedLink:
    """A link that opens different blocks for different learners, each of whom has the grade of their own."""

    title: str
    platform: str
    blocks: str


def mixed_links(course_key: CourseKey) -> list[MixedLink]:
    """Return links that open different blocks now: a teacher chose another block, or somebody signs launches for blocks
    that were never chosen. Without a column no grade goes anywhere."""
    here = PendingScore.objects.filter(course_key=str(course_key), line_item_id=OuterRef("pk"))
    once = LineItem.objects.with_column().filter(Exists(here), is_mixed=True)
    found = []
    for item in once.select_related("resource_link__deployment__registration").order_by("pk")[:MAX_LINKS]:
        keys = item.pending_scores.order_by("usage_key").values_list("usage_key", flat=True).distinct()[:MAX_BLOCKS]
        known = outline.titles(list(keys))
        if len(blocks := [known.get(key) or key.rpartition("@")[2] for key in keys]) > 1:
            link = item.resource_link
            found.append(MixedLink(str(link), link.deployment.registration.title, ", ".join(blocks)))
    return found


def column_troubles(course_key: CourseKey) -> list[tuple[str, str]]:
    """Return links of the course that have two columns, or one that nobody wants, and what to do."""
    here = PendingScore.objects.filter(course_key=str(course_key)).order_by().values("line_item_id").distinct()
    items = LineItem.objects.filter(pk__in=here, reason__in=FOR_TEAMS).select_related("resource_link")
    return [(str(item.resource_link), _says(item)) for item in items.order_by("pk")[:MAX_LINKS]]


def _says(item: LineItem) -> str:
    words = item.why.words() if item.why else None
    return f"{words.happened}. {words.to_do}" if words else ""
