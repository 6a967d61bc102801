"""Makes a site of many courses, as large as the largest: rows of the app's outline, without a course being read.

All courses have the same shape, so what their rows have in common is made once. 2,000 courses of 500 blocks take
seconds on SQLite; MariaDB's index of words takes longer than all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey
from opaque_keys.edx.locator import CourseLocator

from demo.lms import subjects
from demo.lms.course import Course
from demo.lms.generated import generate
from demo.lms.models import ManyCourse
from demo.lms.published import as_published
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline import full_text, rebuild, tree
from lti_1p3_provider.outline.models import MAX_WORDS, CourseOutline, OutlineBlock
from lti_1p3_provider.outline.words import indexed

ORGS = 40
BATCH = 20  # courses in one statement
SHAPE = CourseLocator("Many", "Shape", "2026")

Common = list[tuple[str, str, dict[str, Any]]]  # type, name, columns of a block


def key_of(number: int) -> CourseKey:
    """Return the key of one of the courses; 50 of 2,000 are of each organization."""
    return CourseLocator(f"Many{number % ORGS:02}", f"C{number:04}", "2026")


def make(courses: int, blocks: int) -> int:
    """Replace the generated site by one of so many courses of so many blocks; return how many rows it has."""
    numbers = range(1, courses + 1)
    ManyCourse.objects.all().delete()
    CourseOutline.objects.filter(org__in=[f"Many{number:02}" for number in range(ORGS)]).delete()
    full_text.drop(connection)
    with transaction.atomic():
        ManyCourse.objects.bulk_create(
            ManyCourse(course_key=str(key_of(one)), title=subjects.course_title(one), number=one, blocks=blocks)
            for one in numbers
        )
        CourseOutline.objects.bulk_create(map(_outline, numbers), batch_size=500)
        _fill(numbers, blocks)
    full_text.make(connection)
    tree.forget()
    return courses * blocks


def _outline(number: int) -> CourseOutline:
    key = key_of(number)
    named = {"course_key": str(key), "course_digest": digest(str(key)), "org": key.org}
    title = subjects.course_title(number)
    return CourseOutline(title=title, version=version(number), built_at=timezone.now(), **named)


def version(number: int) -> str:
    """Return the version that such a course has for ever."""
    return f"many-{number}"


def _fill(numbers: range, blocks: int) -> None:
    """Write the rows of blocks."""
    pks = dict(CourseOutline.objects.filter(version__startswith="many-").values_list("version", "pk"))
    fields = [field for field in OutlineBlock._meta.concrete_fields if not field.primary_key]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    into = f"INSERT INTO {connection.ops.quote_name(OutlineBlock._meta.db_table)} ({names})"
    sql = f"{into} VALUES ({', '.join(['%s'] * len(fields))})"
    order = [field.attname for field in fields]
    common = _common(blocks)
    titles: dict[int, list[tuple[str, str]]] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(numbers), BATCH):
            rows: list[tuple[Any, ...]] = []
            for number in numbers[start : start + BATCH]:
                rows += _rows(number, pks[version(number)], common, titles, order)
            cursor.executemany(sql, rows)


def _common(blocks: int) -> Common:
    """Return of each block its type and name, and the columns that are the same in all courses."""
    shape = Course(SHAPE, "Shape", lambda: generate(SHAPE, "Shape", blocks))
    found = []
    for _, values in rebuild.rows(as_published(shape)):
        ready = {
            field.attname: field.get_db_prep_save(values[field.attname], connection)
            for field in OutlineBlock._meta.concrete_fields
            if field.attname in values
        }
        found.append((values["block_type"], values["usage_key"].rpartition("@")[2], ready))
    return found


def _rows(
    number: int,
    outline: int,
    common: Common,
    titles: dict[int, list[tuple[str, str]]],
    order: list[str],
) -> Iterator[tuple[Any, ...]]:
    """Yield one course's rows."""
    key, subject = str(key_of(number)), number % len(subjects.SUBJECTS)
    if subject not in titles:
        titles[subject] = list(_titles(number, common))
    prefix = key.replace("course-v1:", "block-v1:")
    for (block_type, name, same), (title, words) in zip(common, titles[subject], strict=True):
        usage = f"{prefix}+type@{block_type}+block@{name}"
        own = {"outline_id": outline, "usage_key": usage, "usage_digest": digest(usage)}
        if block_type == "course":
            title = subjects.course_title(number)
            words = indexed(title, MAX_WORDS)
        values = {**same, **own, "title": title, "words": words}
        yield tuple(values[column] for column in order)


def _titles(number: int, common: Common) -> Iterator[tuple[str, str]]:
    """Yield title and words of each block."""
    title = subjects.about(number)
    for block_type, name, _ in common:
        said = "" if block_type == "course" else title(block_type, tuple(map(int, name.split("-"))))
        yield said, indexed(said, MAX_WORDS)
