"""``lti_1p3_keys``: create, list, rotate, retire and send our signing keys, and say what each means for platforms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.onboarding.key_push import push
from lti_1p3_provider.registrations import key_notes, keys
from lti_1p3_provider.registrations.models import Registration, ToolKey
from lti_1p3_provider.registrations.redeploy import Change, consequences


class Command(BaseCommand):
    """Prints kids and states; never a private key."""

    help = "Create, list, rotate, retire or send the keys with which this tool signs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a new signing key")
        create.add_argument("--if-missing", action="store_true", help="do nothing if a key signs already")
        create.add_argument("--standby", action="store_true", help="publish it now, let it sign after the next rotate")
        create.add_argument("--pem", type=Path, help="import this RSA private key instead (PEM, unencrypted)")
        create.add_argument("--kid", default="", help="with --pem: what platforms call it (default: its thumbprint)")
        rotate = verbs.add_parser("rotate", help="make a new signing key; the others stay published for a while")
        rotate.add_argument("--at-once", action="store_true", help="the platform was given the new key by hand")
        retire = verbs.add_parser("retire", help="take a key out of the key set now")
        retire.add_argument("kid")
        push_ = verbs.add_parser("push", help="send a new key to a Canvas that cannot read our key set")
        push_.add_argument("--host", default="", help="the school's own host, like school.instructure.com")
        explain = verbs.add_parser("explain", help="say who has to do what if keys or their address change")
        explain.add_argument("change", choices=[change.value for change in Change])
        for verb in (create, rotate, retire, push_, explain):
            verb.add_argument(
                "--registration",
                type=int,
                required=verb is push_,
                metavar="NUMBER",
                help="the key of this registration alone; its number is what lti_1p3_register prints",
            )
        for verb in (create, rotate, retire, push_, explain, verbs.add_parser("list", help="show all keys")):
            verb.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        whose = _registration(options.get("registration"))
        try:
            with _noted(options["verb"], whose):
                getattr(self, f"_{options['verb']}")(options, whose)
        except LtiError as error:
            raise CommandError(error.detail or str(error.title)) from error

    def _create(self, options: dict[str, Any], whose: Registration | None) -> None:
        if options["pem"]:
            try:
                pem = options["pem"].read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandError(f"--pem: {options['pem']} cannot be read as a PEM file") from error
            key = keys.import_pem(pem, whose, options["kid"])
            self._done(options, key, "is the signing key now", Change.IMPORT if whose else Change.ROTATE, whose)
        elif options["if_missing"]:
            key, made = keys.ensure(whose)
            self._done(options, key, "is the signing key now" if made else "signs already")
        elif options["standby"]:
            key = keys.generate(ToolKey.Status.STANDBY, whose)
            self._done(options, key, "is published, and signs after the next rotate")
        else:
            key = keys.generate(registration=whose)
            self._done(options, key, "is the signing key now", Change.ROTATE, whose)

    def _list(self, options: dict[str, Any], whose: None) -> None:
        rows = [
            {
                "kid": key.kid,
                "registration": key.registration_id,
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
                owner = f"  registration {row['registration']}" if row["registration"] else ""
                self.stdout.write(f"{row['kid']}  {row['status']}{until}{owner}  made {row['created_at']}")

    def _rotate(self, options: dict[str, Any], whose: Registration | None) -> None:
        key = keys.rotate(whose, at_once=options["at_once"])
        says = "is the signing key now; the others stay published for the overlap"
        self._done(options, key, says, Change.ROTATE, whose)

    def _retire(self, options: dict[str, Any], whose: Registration | None) -> None:
        self._done(options, keys.retire(options["kid"], whose), "is not published any more", Change.RETIRE, whose)

    def _push(self, options: dict[str, Any], whose: Registration) -> None:
        done = push(whose, options["host"])
        says = str(done)
        meaning = consequences(Change.PUSH, whose)
        if options["as_json"]:
            self.stdout.write(json.dumps({**asdict(done), "says": says, **meaning.as_json()}))
            return
        self.stdout.write("\n".join([f"{done.kid} {says}", *meaning.lines()]))

    def _explain(self, options: dict[str, Any], whose: Registration | None) -> None:
        change = Change(options["change"])
        if whose is None and change in (Change.PUSH, Change.IMPORT):
            raise CommandError(f"{change.value}: name the registration")
        meaning = consequences(change, whose)
        self.stdout.write(json.dumps(meaning.as_json()) if options["as_json"] else "\n".join(meaning.lines()))

    def _done(
        self,
        options: dict[str, Any],
        key: ToolKey,
        says: str,
        change: Change | None = None,
        whose: Registration | None = None,
    ) -> None:
        meaning = consequences(change, whose) if change else None
        if options["as_json"]:
            told = {"kid": key.kid, "status": key.status, "registration": key.registration_id, "says": says}
            self.stdout.write(json.dumps({**told, **(meaning.as_json() if meaning else {})}))
            return
        self.stdout.write("\n".join([f"{key.kid} {says}", *(meaning.lines() if meaning else ())]))


@contextmanager
def _noted(verb: str, whose: Registration | None) -> Iterator[None]:
    """Note what becomes of keys, in one transaction with the change. While a platform is called, nothing is locked."""
    with nullcontext() if verb == "push" else transaction.atomic(), key_notes.noted(COMMAND, [whose]):
        yield


def _registration(number: int | None) -> Registration | None:
    if number is None:
        return None
    found = Registration.objects.filter(pk=number).first()
    if found is None:
        raise CommandError(f"There is no registration {number}.")
    return found
