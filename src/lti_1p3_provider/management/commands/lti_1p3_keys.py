"""``lti_1p3_keys``: create, list, rotate and retire our signing keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lti_1p3_provider.errors import KeyInvalid
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey


class Command(BaseCommand):
    """Prints kids and states; never a private key."""

    help = "Create, list, rotate or retire the keys with which this tool signs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the four verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a new signing key")
        create.add_argument("--if-missing", action="store_true", help="do nothing if a key signs already")
        create.add_argument("--standby", action="store_true", help="publish it now, let it sign after the next rotate")
        create.add_argument("--pem", type=Path, help="import this RSA private key instead (PEM, unencrypted)")
        verbs.add_parser("list", help="show all keys").add_argument("--json", action="store_true", dest="as_json")
        verbs.add_parser("rotate", help="make a new signing key; the others stay published for a while")
        verbs.add_parser("retire", help="take a key out of the key set now").add_argument("kid")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except KeyInvalid as error:
            raise CommandError(error.detail) from error

    def _create(self, options: dict[str, Any]) -> None:
        if options["pem"]:
            try:
                key = keys.import_pem(options["pem"].read_text(encoding="ascii"))
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"--pem: {options['pem']} cannot be read as a PEM file") from error
        elif options["if_missing"]:
            key, made = keys.ensure()
            if not made:
                self.stdout.write(f"{key.kid} signs already")
                return
        elif options["standby"]:
            self.stdout.write(
                f"{keys.generate(ToolKey.Status.STANDBY).kid} is published, and signs after the next rotate"
            )
            return
        else:
            key = keys.generate()
        self.stdout.write(f"{key.kid} is the signing key now")

    def _list(self, options: dict[str, Any]) -> None:
        rows = [
            {
                "kid": key.kid,
                "status": key.status,
                "created_at": key.created_at.isoformat(timespec="seconds"),
                "published_until": key.published_until and key.published_until.isoformat(timespec="seconds"),
            }
            for key in ToolKey.objects.order_by("-created_at", "-pk")
        ]
        if options["as_json"]:
            self.stdout.write(json.dumps(rows))
        else:
            for row in rows:
                until = f" until {row['published_until']}" if row["published_until"] else ""
                self.stdout.write(f"{row['kid']}  {row['status']}{until}  made {row['created_at']}")

    def _rotate(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{keys.rotate().kid} is the signing key now; the others stay published for the overlap")

    def _retire(self, options: dict[str, Any]) -> None:
        self.stdout.write(f"{keys.retire(options['kid']).kid} is not published any more")
