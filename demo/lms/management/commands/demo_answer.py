"""``demo_answer``: makes the stand-in LMS report a graded answer of somebody who launched before."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import UsageKey

from demo.lms.course import block
from demo.lms.grades import record
from lti_1p3_provider.api import user_of


class Command(BaseCommand):
    """The score then goes its ordinary way."""

    help = "Report a graded answer, as if the learner had given it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare who, what and how much."""
        parser.add_argument("--issuer", required=True)
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--sub", required=True, help="the platform's id of the learner")
        parser.add_argument("--block", required=True, help="usage key of a problem")
        parser.add_argument("--earned", required=True, type=float)
        parser.add_argument("--possible", required=True, type=float)

    def handle(self, *args: Any, **options: Any) -> None:
        """Record the answer."""
        user = user_of(options["issuer"], options["client_id"], options["sub"])
        if user is None:
            raise CommandError("this learner has not launched anything yet")
        try:
            usage_key = UsageKey.from_string(options["block"])
        except InvalidKeyError as error:
            raise CommandError("--block is not a usage key") from error
        if block(usage_key.course_key, usage_key) is None or usage_key.block_type != "problem":
            raise CommandError("--block is not a published problem of a demo course")
        if not options["earned"] >= 0 or not options["possible"] > 0:
            raise CommandError("--earned must be at least 0 and --possible more than 0")
        record(user, usage_key.course_key, usage_key, options["earned"], options["possible"])
        self.stdout.write(f"recorded {options['earned']:g} of {options['possible']:g}")
