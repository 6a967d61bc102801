"""Which courses were used lately, and what a context already has."""

from __future__ import annotations

from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.deep_linking.entries import Chooser
from lti_1p3_provider.resource_links.models import ResourceLink

LATEST = 200  # links that are looked at
MAX_COURSES = 10  # courses


def courses(who: Chooser) -> list[CourseKey]:
    """Return the courses of the newest links, first the context's, then the deployment's. Two queries."""
    links = ResourceLink.objects.exclude(course_key="").order_by("-pk").values_list("course_key", flat=True)
    found: dict[CourseKey, None] = {}
    own = links.filter(context_id=who.context_pk)[:LATEST] if who.context_pk is not None else []
    for texts in (own, links.filter(deployment_id=who.deployment_pk)[:LATEST]):
        for text in texts:
            try:
                found.setdefault(CourseKey.from_string(text))
            except InvalidKeyError:
                continue
    return list(found)[:MAX_COURSES]


def placed(who: Chooser, course_key: str = "") -> frozenset[str]:
    """Return the usage keys of the context's links, in all courses or in one. One query."""
    if who.context_pk is None:
        return frozenset()
    links = ResourceLink.objects.filter(context_id=who.context_pk, part_of__isnull=True)
    if course_key:
        links = links.filter(course_key=course_key)
    return frozenset(links.values_list("usage_key", flat=True))
