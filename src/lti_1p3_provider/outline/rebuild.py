"""Brings an outline in step with what the LMS has published. Safe to repeat, to interrupt and to run side by side.

This reads whole courses, so it is a worker's work and never a request's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import DatabaseError, transaction
from django.utils import timezone
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.host.port import Block, Course
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline.models import MAX_TITLE, MAX_WORDS, CourseOutline, OutlineBlock
from lti_1p3_provider.outline.summing import Sums
from lti_1p3_provider.outline.words import indexed

log = logging.getLogger(__name__)

MAX_REFRESH = 60.0  # seconds of a regular run, which has other work too
BATCH = 500  # rows in one statement, and courses whose versions are asked for at once


def rebuild(course_key: CourseKey, *, force: bool = False) -> int | None:
    """Store the course as it is published now; return how many rows changed.

    None: there was nothing to do, because the outline is in step; ``force`` reads the course even then. The outline of
    a course that no longer exists is deleted.
    """
    courses, name = host.current().courses, digest(str(course_key))
    version = courses.published_version(course_key)
    if not force and version and CourseOutline.objects.filter(course_digest=name, version=version).exists():
        return None
    course = courses.read_course(course_key) if version else None
    if course is None:
        return CourseOutline.objects.filter(course_digest=name).delete()[0]
    values = {"course_key": str(course_key)}
    pk = CourseOutline.objects.get_or_create(course_digest=name, defaults=values)[0].pk
    with transaction.atomic():
        outline = CourseOutline.objects.select_for_update().get(pk=pk)
        if outline.version != course.version and outline.version == courses.published_version(course_key):
            return None  # somebody else was slower to begin and has read a newer one
        return _write(outline, course)


def stale() -> Iterator[CourseKey]:
    """Yield the courses whose outline shows another version than the published one."""
    known = CourseOutline.objects.order_by("pk").values_list("pk", "course_key", "version")
    last = 0
    while batch := list(known.filter(pk__gt=last)[:BATCH]):
        last = batch[-1][0]
        keys = {text: key for _, text, _ in batch if (key := _key(text)) is not None}
        versions = host.current().courses.published_versions(keys.values())
        yield from (keys[text] for _, text, version in batch if text in keys and versions.get(keys[text]) != version)


def refresh() -> int:
    """Rebuild what is behind, for a minute or so; return how many outlines. One that cannot be read stops no other."""
    end, done = time.monotonic() + MAX_REFRESH, 0
    for course_key in stale():
        if time.monotonic() > end:
            break
        try:
            rebuild(course_key)
            done += 1
        except Exception:  # whatever the LMS raises about one course
            log.exception("LTI outline: %s cannot be read", course_key)
    return done


def add(course_key: CourseKey, block: Block) -> None:
    """Store a block that was read by itself, until its whole course is stored. If that fails, nothing is lost.

    Nothing is added to an outline that is in step by now. A block that it does not have may have been deleted since it
    was read, and would stay until the course is published again.
    """
    values = {"course_key": str(course_key)}
    identity = {"usage_digest": digest(str(block.usage_key))}
    try:
        with transaction.atomic():
            pk = CourseOutline.objects.get_or_create(course_digest=digest(str(course_key)), defaults=values)[0].pk
            outline = CourseOutline.objects.select_for_update().get(pk=pk)
            if outline.version and outline.version == host.current().courses.published_version(course_key):
                return
            OutlineBlock.objects.get_or_create(**identity, defaults={"outline": outline, **_values(block)})
    except (DatabaseError, CourseOutline.DoesNotExist):
        log.warning("LTI outline: block %s could not be written down", block.usage_key, exc_info=True)


def _write(outline: CourseOutline, course: Course) -> int:
    """Replace the rows that changed, and leave the others alone."""
    wanted = dict(rows(course))
    known = {row["usage_digest"]: row for row in outline.blocks.values("pk", "usage_digest", *_COLUMNS)}
    new = {name: values for name, values in wanted.items() if not _is_same(known.get(name), values)}
    gone = [row["pk"] for name, row in known.items() if name in new or name not in wanted]
    for batch in _batches(gone):
        OutlineBlock.objects.filter(pk__in=batch).delete()
    made = [OutlineBlock(outline=outline, usage_digest=name, **values) for name, values in new.items()]
    OutlineBlock.objects.bulk_create(made, batch_size=BATCH)
    outline.title, outline.version = reduce(course.title[:MAX_TITLE]), course.version
    outline.org = reduce(str(CourseKey.from_string(outline.course_key).org or ""))[:255]
    outline.built_at = timezone.now()
    outline.save()
    return len(new) + sum(name not in wanted for name in known)


def rows(course: Course) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield digest and columns of each block of a course."""
    positions = {block.usage_key: number for number, block in enumerate(course.blocks)}
    sums = Sums(course.blocks)
    for block in course.blocks:
        place = {
            "position": positions[block.usage_key],
            "parent": positions.get(block.parent) if block.parent else None,
            "total": sums.totals.get(block.usage_key),
            "warns": sums.warnings.get(block.usage_key, ""),
        }
        yield digest(str(block.usage_key)), {**_values(block), **place}


def _values(block: Block) -> dict[str, Any]:
    return {
        "usage_key": str(block.usage_key),
        "block_type": block.block_type,
        "title": reduce(block.title[:MAX_TITLE]),
        "above": " ".join(f"{key.block_type}@{key.block_id}" for key in block.above),
        "graded": block.graded,
        "points": block.points,
        "start": block.start,
        "due": block.due,
        "staff_only": block.staff_only,
        "words": indexed(block.title[:MAX_TITLE], MAX_WORDS),
    }


_COLUMNS = (
    *("usage_key", "block_type", "title", "position", "parent", "above"),
    *("graded", "points", "start", "due", "staff_only", "words", "total", "warns"),
)


def _is_same(row: dict[str, Any] | None, values: dict[str, Any]) -> bool:
    return row is not None and all(row[name] == values[name] for name in _COLUMNS)


def _batches(pks: list[int]) -> Iterable[list[int]]:
    return (pks[start : start + BATCH] for start in range(0, len(pks), BATCH))


def _key(text: str) -> CourseKey | None:
    try:
        return CourseKey.from_string(text)
    except InvalidKeyError:
        return None
