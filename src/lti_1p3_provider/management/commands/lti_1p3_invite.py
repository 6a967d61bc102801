"""``lti_1p3_invite``: lets a platform register itself, once, by an address that its administrator enters there."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from lti_1p3_provider.audit.note import COMMAND, note_difference
from lti_1p3_provider.conf import conf
from lti_1p3_provider.management import people
from lti_1p3_provider.onboarding import changes, courses, legacy
from lti_1p3_provider.onboarding.invitations import LIFE, MAX_DAYS, Offer, invite
from lti_1p3_provider.onboarding.models import OPTIONS, PROOF, Invitation
from lti_1p3_provider.registrations.legacy_way import SAME_IDS
from lti_1p3_provider.registrations.models import Registration


class Command(BaseCommand):
    """Makes another invitation each time."""

    help = "Invite an LTI 1.3 platform to register itself. Prints the address, which is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare whom to invite, and to what."""
        parser.add_argument(
            "--name", required=True, help="what learners call the platform; they see it beside their score"
        )
        parser.add_argument("--host", default="", help="only a platform on this host can use the invitation")
        parser.add_argument("--expires-days", type=int, default=LIFE.days, metavar="DAYS", help=f"default: {LIFE.days}")
        parser.add_argument("--org", default="", help="whose the registration is: its staff manage it through the API")
        parser.add_argument("--allow-course", action="append", default=[], dest="allowed_courses", metavar="KEY")
        parser.add_argument("--allow-org", action="append", default=[], dest="allowed_orgs", metavar="ORG")
        parser.add_argument("--allow-block", action="append", default=[], dest="allowed_keys", metavar="USAGE_KEY")
        people.declare(parser)
        parser.add_argument(
            "--legacy-until",
            default=None,
            type=people.day,
            metavar="YYYY-MM-DD",
            help="Moodle proves its key of LTI 1.1, and learners of that keep their accounts until this day",
        )
        parser.add_argument(
            "--legacy-key", default="", dest="legacy_consumer_key", metavar="KEY", help="the only key that it may prove"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Invite, then print the address."""
        days = options["expires_days"]
        if not 0 < days <= MAX_DAYS:
            raise CommandError(f"--expires-days: from 1 to {MAX_DAYS}")
        try:
            with transaction.atomic():
                row, url = invite(_offer(options), timedelta(days=days))
                thing, state = changes.of_invitation(row)
                note_difference(COMMAND, thing, None, state)
        except ValidationError as error:
            problems = error.message_dict.items()
            raise CommandError("\n".join(f"{name}: {' '.join(texts)}" for name, texts in problems)) from error
        for doubt in _doubts(row):
            self.stderr.write(f"Warning: {doubt}")
        if options["as_json"]:
            self.stdout.write(json.dumps({"url": url, "expires_at": row.expires_at.isoformat()}))
            return
        until = row.expires_at.date().isoformat()
        self.stdout.write(f"Invited {row.name}. Its administrator enters this address there, until {until}:")
        self.stdout.write(f"  {url}")


def _doubts(row: Invitation) -> list[str]:
    to_be = Registration(**{name: getattr(row, name) for name in ("org", *OPTIONS)})
    doubts = [str(doubt) for doubt in courses.doubts(to_be, gate=row.gate)]
    if row.gate is None and not row.org and not conf.require_launch_gate:
        doubts.append("It may open everything that is published here. Name courses to limit it.")
    if row.legacy_until is not None:
        to_be.legacy_way, to_be.legacy_consumer_key = SAME_IDS, row.legacy_consumer_key
        doubts += [f"{says} {advice}" for says, advice in legacy.doubts(to_be)]
    return doubts


def _offer(options: dict[str, Any]) -> Offer:
    values: dict[str, Any] = {name: options[name] for name in ("name", "host", "org", *PROOF)}
    values |= {name: tuple(options[name]) for name in ("allowed_courses", "allowed_orgs", "allowed_keys")}
    return Offer(**values, **{name: value for name, value in people.said(options).items() if value is not None})
