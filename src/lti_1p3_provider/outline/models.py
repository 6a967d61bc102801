"""CourseOutline: what is stored of a course, and of which version. OutlineBlock: one published block."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host.port import Block
from lti_1p3_provider.identifiers import DIGEST_LENGTH
from lti_1p3_provider.registrations.models import APP_LABEL

MAX_TITLE = 255
MAX_WORDS = 1000  # characters of the searched words of a title


class CourseOutline(models.Model):
    """A course. ``version``: the published version that its rows show. While it is empty, only some blocks have rows,
    each as it was when somebody first asked for it.

    .. no_pii:
    """

    course_digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    course_key = models.TextField()
    title = models.CharField(max_length=MAX_TITLE, blank=True)
    org = models.CharField(max_length=255, blank=True, db_index=True)
    version = models.CharField(max_length=64, blank=True)
    built_at = models.DateTimeField(null=True)

    class Meta:
        app_label = APP_LABEL

    def __str__(self) -> str:
        return self.course_key


class OutlineBlock(models.Model):
    """A published block. ``position`` counts in the order of the course: what is below a block follows it.

    ``above`` has the names (type@id) of all blocks above, separated by spaces, the course's own first; ``parent`` is
    the position of the first block that has it as a child. ``Block`` in ``host.port`` says what the others mean. A row
    that was read by itself has neither position nor parent.

    ``words`` are the title's, for searches (``outline.words``). ``total`` is what learners can earn in it, all that is
    below included; ``warns`` names the first type, of the block or below it, that embeds badly (``outline.summing``).

    .. no_pii:
    """

    outline = models.ForeignKey(CourseOutline, on_delete=models.CASCADE, related_name="blocks")
    usage_digest = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    usage_key = models.TextField()
    block_type = models.CharField(max_length=100)
    title = models.CharField(max_length=MAX_TITLE, blank=True)
    position = models.PositiveIntegerField(null=True)
    parent = models.PositiveIntegerField(null=True)
    above = models.TextField(blank=True)
    graded = models.BooleanField(default=False)
    points = models.FloatField(null=True)
    start = models.DateTimeField(null=True)
    due = models.DateTimeField(null=True)
    staff_only = models.BooleanField(default=False)
    words = models.CharField(max_length=MAX_WORDS, blank=True)
    total = models.FloatField(null=True)
    warns = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = APP_LABEL
        indexes: ClassVar = [  # words have a full-text index where there is one: outline.full_text
            models.Index(fields=["outline", "parent", "position"], name="lti1p3_outline_tree"),
            models.Index(fields=["outline", "position"], name="lti1p3_outline_order"),
        ]

    def __str__(self) -> str:
        return self.usage_key

    def as_block(self, course_key: CourseKey) -> Block:
        """Return what it says of the block of this course."""
        return Block(
            usage_key=UsageKey.from_string(self.usage_key),
            title=self.title,
            above=tuple(course_key.make_usage_key(*name.split("@", 1)) for name in self.above.split()),
            graded=self.graded,
            points=self.points,
            start=self.start,
            due=self.due,
            staff_only=self.staff_only,
        )
