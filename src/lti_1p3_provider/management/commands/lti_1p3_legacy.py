"""``lti_1p3_legacy``: reports on people of LTI 1.1. See docs/how-to/lti-1p1.md."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lti_1p3_provider.people import legacy
from lti_1p3_provider.users.models import LegacyMatch

OUTCOMES = {
    **dict(LegacyMatch.Outcome.choices),
    legacy.FREE: "accounts that a first launch may have",
    legacy.RETIRED: "the account of LTI 1.1 is being retired by the LMS, or was",
}


class Command(BaseCommand):
    """Reads and prints; changes nothing."""

    help = "Report on people of the LMS's own LTI 1.1 provider, and on which of them kept their account."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the one verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        report = verbs.add_parser("report", help="platforms of LTI 1.1, and what became of their people")
        report.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and print."""
        found = {"platforms": legacy.platforms(), "registrations": legacy.registrations()}
        if options["as_json"]:
            self.stdout.write(json.dumps(found))
            return
        if not found["platforms"]:
            self.stdout.write("The LMS has no platform of LTI 1.1.")
        for one in found["platforms"]:
            self.stdout.write(f"{one['name']} (key {one['key']}), people: {one['people']}")
            for name, number in one["accounts"].items():
                self.stdout.write(f"  {number:6} {OUTCOMES[name]}")
        for one in found["registrations"]:
            self._say(one)

    def _say(self, one: dict[str, Any]) -> None:
        until = f", until {one['until']}" if one["until"] else ""
        key = one["consumer_key"] or "any that signs"
        self.stdout.write(f"{one['title']} ({one['issuer']}, client ID {one['client_id']})")
        self.stdout.write(f"  recognized: {one['way'] or 'nobody'}; LTI 1.1 key: {key}{until}")
        for name, number in one["outcomes"].items():
            self.stdout.write(f"  {number:6} {OUTCOMES[name]}")
        for row in one["not_adopted"]:
            self.stdout.write(f"  {row['outcome']}: account {row['account']}, on LTI 1.1 {row['lti_1p1_account']}")
        for doubt in one["doubts"]:
            self.stdout.write(f"  ! {doubt}")
