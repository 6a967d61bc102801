"""Finds a published block and what is above it. No request reads more of a course than that.

Rows describe the version that was published when they were written. A worker writes down a newer version, and until
then the old rows serve. A block that is in no row yet is read from the LMS, once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import QuerySet
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider import host
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.errors import ContentHasNoPage, ContentNotFound
from lti_1p3_provider.host.port import Block
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline import rebuild, wake
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock

NO_PAGE = frozenset(("chapter",))  # the LMS shows what is below; a course has pages of its own
SELECT = frozenset(("library_content", "itembank", "split_test"))  # of what is below, each learner has some only
NEVER_GRADED = frozenset(("split_test",))  # by itself: the LMS has the chosen group's blocks in its place

MAX_RECENT = 5000  # blocks that a process remembers, some kilobytes each

_recent: dict[tuple[str, UsageKey], Block] = {}  # by version: what a version says of a block never changes


@prepared
def _by_digest(usage_digest: str) -> QuerySet[OutlineBlock]:
    return OutlineBlock.objects.select_related("outline").filter(usage_digest=usage_digest)


def block(course_key: CourseKey, usage_key: UsageKey) -> Block:
    """Return a published block of the course.

    Raises:
        ContentNotFound: it does not exist, is not published, or is not one of this course.
    """
    found = _known(course_key, usage_key)
    if found is None:
        found = host.current().courses.read_block(course_key, usage_key)
        rebuild.add(course_key, found)
    return found


def page(course_key: CourseKey, usage_key: UsageKey) -> Block:
    """Return a block that can be opened by itself.

    Raises:
        ContentNotFound: as ``block`` does.
        ContentHasNoPage: it is a section.
    """
    if usage_key.block_type in NO_PAGE:
        raise ContentHasNoPage(f"a {usage_key.block_type} has no page of its own")
    return block(course_key, usage_key)


def stands_alone(block_type: str, above: Iterable[str]) -> bool:
    """Tell whether every learner can open a block by itself, and be graded on it. ``above``: the types above it."""
    return block_type not in NO_PAGE and block_type not in NEVER_GRADED and SELECT.isdisjoint(above)


def above(course_key: CourseKey, usage_key: UsageKey) -> frozenset[UsageKey]:
    """Return all blocks above this one, up to the course's own; empty for an unknown block. Writes nothing."""
    try:
        found = _known(course_key, usage_key) or host.current().courses.read_block(course_key, usage_key)
    except ContentNotFound:
        return frozenset()
    return frozenset(found.above)


def graded_subsections(course_key: CourseKey) -> Sequence[Block] | None:
    """Return the subsections that count for the course's grade, in order; None if the course has no complete outline
    yet."""
    outline = CourseOutline.objects.filter(course_digest=digest(str(course_key))).first()
    version = host.current().courses.published_version(course_key)
    if outline is None or outline.version != version:
        wake.ask(course_key)
    if outline is None or not outline.version:
        return None
    rows = outline.blocks.filter(block_type="sequential", graded=True).order_by("position")
    return [row.as_block(course_key) for row in rows]


def titles(usage_keys: Collection[str]) -> Mapping[str, str]:
    """Return the titles of blocks by usage key, for blocks that are in an outline. One query."""
    rows = OutlineBlock.objects.filter(usage_digest__in=[digest(key) for key in usage_keys]).exclude(title="")
    return dict(rows.values_list("usage_key", "title"))


def organizations(text: str, most: int) -> Sequence[str]:
    """Return up to ``most`` organizations that have an outline and whose name has ``text``. One query."""
    named = CourseOutline.objects.exclude(org="").filter(org__icontains=text)
    return list(named.order_by("org").values_list("org", flat=True).distinct()[:most])


def _known(course_key: CourseKey, usage_key: UsageKey) -> Block | None:
    """Return what the rows say, whatever their version; None if the LMS has to be asked.

    Raises:
        ContentNotFound
    """
    if usage_key.context_key != course_key:
        raise ContentNotFound(f"{usage_key} is not in {course_key}")
    version = host.current().courses.published_version(course_key)
    if version is None:
        raise ContentNotFound(f"{course_key} does not exist or has nothing published")
    if known := _recent.get((version, usage_key)):
        return known
    row = _by_digest.one(digest(str(usage_key)))
    if row is None and CourseOutline.objects.filter(course_digest=digest(str(course_key)), version=version).exists():
        row = _by_digest.one(digest(str(usage_key)))  # the rows may have come between the two looks
        if row is None:
            raise ContentNotFound(f"{usage_key} does not exist or is not published")
    if row is None:
        wake.ask(course_key)
        return None
    found = row.as_block(course_key)
    if row.outline.version == version:
        _remember(version, found)
    else:
        wake.ask(course_key)
    return found


def _remember(version: str, found: Block) -> None:
    if len(_recent) >= MAX_RECENT:
        _recent.clear()
    _recent[version, found.usage_key] = found
