"""``lti_1p3_outline``: brings the outlines of courses in step with what is published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider import host
from lti_1p3_provider.management.progress import Stream, followed
from lti_1p3_provider.outline.models import CourseOutline
from lti_1p3_provider.outline.rebuild import rebuild
from lti_1p3_provider.resource_links.models import ResourceLink


class Command(BaseCommand):
    """Brings outlines in step. Courses that are in step are skipped, so an interrupted run is simply started again."""

    help = (
        "Write down what courses have published: by default those that platforms link to. Launches ask workers to do "
        "this by themselves; run it after an import, or to have it done before the first launch."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the options."""
        parser.add_argument("--course", action="append", metavar="KEY", help="this course only; may be repeated")
        parser.add_argument("--all", action="store_true", help="all courses of the site")
        parser.add_argument("--force", action="store_true", help="also read courses that are up to date")
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rebuild one course after another. A course that cannot be read is named, and the others are still done."""
        done = {"rebuilt": 0, "in_step": 0}
        failed: list[str] = []
        keys = list(self._courses(options))
        screen = cast("Stream", self.stderr._out)  # the wrapper ends each text's line
        for key in followed(keys, len(keys), screen):
            try:
                changed = rebuild(key, force=options["force"])
            except Exception as error:  # whatever the LMS raises about one course
                failed.append(str(key))
                self.stderr.write(f"{key}: cannot be read: {type(error).__name__}: {error}")
                continue
            done["in_step" if changed is None else "rebuilt"] += 1
            if not (options["json"] or screen.isatty()):
                self.stdout.write(f"{key}: {'in step' if changed is None else f'{changed} rows changed'}")
        if options["json"]:
            self.stdout.write(json.dumps({**done, "failed": failed}))
        if failed:
            raise CommandError(f"{len(failed)} courses could not be read")

    def _courses(self, options: dict[str, Any]) -> Iterable[CourseKey]:
        if options["all"]:
            return host.current().courses.all_keys()
        try:
            return [CourseKey.from_string(text) for text in options["course"] or _linked()]
        except InvalidKeyError as error:
            raise CommandError(f"not a course key: {error}") from error


def _linked() -> Iterable[str]:
    """Return the courses of all resource links, and those that have an outline already."""
    linked = ResourceLink.objects.order_by().values_list("course_key", flat=True).distinct()
    return sorted({*linked, *CourseOutline.objects.values_list("course_key", flat=True)} - {""})
