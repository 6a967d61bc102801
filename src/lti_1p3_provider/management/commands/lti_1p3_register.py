"""``lti_1p3_register``: registers a platform, for people and scripts; running it again updates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.conf import conf
from lti_1p3_provider.course_roles import taking_back
from lti_1p3_provider.management import people
from lti_1p3_provider.onboarding import changes, hosts, roles_of, whose
from lti_1p3_provider.onboarding.courses import doubts
from lti_1p3_provider.onboarding.environments import Sibling, make_siblings
from lti_1p3_provider.onboarding.fields import KeySetField
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.platforms import PRESETS
from lti_1p3_provider.registrations import find, key_notes
from lti_1p3_provider.registrations.ahead_way import AHEAD_WAYS
from lti_1p3_provider.registrations.legacy_way import LEGACY_FIELDS, LEGACY_WAYS
from lti_1p3_provider.registrations.models import Registration


class Command(BaseCommand):
    """Idempotent for each issuer and client id."""

    help = "Register an LTI 1.3 platform, or update its registration (same issuer and client id)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what a platform shows its admin."""
        parser.add_argument(
            "--title", required=True, help="what learners call the platform; they see it beside their score"
        )
        parser.add_argument("--issuer", required=True, help="the platform's issuer, exactly as it shows it")
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--deployment-id", required=True, nargs="+", action="extend", dest="deployment_ids")
        parser.add_argument("--auth-login-url", default="", help="OIDC authentication request URL")
        parser.add_argument("--auth-token-url", default="", help="access token URL")
        parser.add_argument("--auth-audience", default="", help="only if the platform shows one")
        keys = parser.add_mutually_exclusive_group()
        keys.add_argument("--key-set-url", default="", help="the platform's JWKS URL")
        keys.add_argument("--key-set-file", type=Path, help="a file with the platform's JWKS")
        parser.add_argument("--preset", default="generic", choices=sorted(PRESETS), dest="platform")
        parser.add_argument("--platform-host", default="", dest="host", help="fills the preset's addresses")
        parser.add_argument(
            "--other-host",
            action="append",
            default=[],
            dest="other_hosts",
            metavar="HOST",
            help="another host of the platform, like files.school.edu or *.school.edu; may be repeated",
        )
        parser.add_argument(
            "--environments", action="store_true", help="make the platform's beta and test environments too (Canvas)"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
        self._add_what_it_may(parser)
        self._add_people_of_lti_1p1(parser)

    def _add_what_it_may(self, parser: CommandParser) -> None:
        """Declare the gate and the options."""
        parser.add_argument(
            "--org",
            default=None,
            help="whose it is: its staff manage it through the API, and it opens nothing of others",
        )
        parser.add_argument("--allow-course", action="append", default=[], dest="allowed_courses", metavar="KEY")
        parser.add_argument("--allow-org", action="append", default=[], dest="allowed_orgs", metavar="ORG")
        parser.add_argument("--allow-block", action="append", default=[], dest="allowed_keys", metavar="USAGE_KEY")
        people.declare(parser)
        parser.add_argument(
            "--ahead-way",
            default=None,
            choices=[people.NOTHING, *(way for way, _ in AHEAD_WAYS)],
            help="what is done for learners on a platform's list before they come (default: nothing)",
        )

    def _add_people_of_lti_1p1(self, parser: CommandParser) -> None:
        """Declare who keeps an account."""
        parser.add_argument(
            "--legacy-way",
            default=None,
            choices=[people.NOTHING, *(way for way, _ in LEGACY_WAYS)],
            help="how learners of LTI 1.1 are recognized, who keep their accounts (default: not at all)",
        )
        parser.add_argument(
            "--legacy-key",
            default=None,
            dest="legacy_consumer_key",
            metavar="KEY",
            help="the platform's key in LTI 1.1",
        )
        parser.add_argument(
            "--legacy-until", default=None, type=people.day, metavar="YYYY-MM-DD", help="the last day of that"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Register, then print what to enter on the platform, and what in it does not fit this site."""
        try:
            row, created, siblings = _registered(_details(options), with_siblings=options["environments"])
        except ValidationError as error:
            problems = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
            raise CommandError("\n".join(f"{name}: {' '.join(texts)}" for name, texts in problems.items())) from error
        ours = guide(conf.public_url)
        printed = {
            "registration": row.pk,
            "issuer": row.issuer,
            "client_id": row.client_id,
            "login_url": ours.login_url,
            "redirect_uri": ours.redirect_uri,
            "jwks_url": ours.jwks_url,
            "target_link_uri": ours.target_link_uri,
            "deep_linking_url": ours.deep_linking_url,
        }
        warnings = _warnings(row)
        warnings += [f"{one.registration} was made by hand: it is left as it is." for one in siblings if not one.ours]
        if options["as_json"]:
            others = [
                {"registration": one.registration.pk, "environment": one.environment, "created": one.created}
                for one in siblings
            ]
            told = {"environments": others} if options["environments"] else {}
            self.stdout.write(json.dumps({**printed, **told, "warnings": warnings}))
            return
        self.stdout.write(f"{'Registered' if created else 'Updated'} {row.title}. Enter these on the platform:")
        for name, value in printed.items():
            self.stdout.write(f"  {name:16} {value}")
        for one in siblings:
            self.stdout.write(
                f"{'Registered' if one.created else 'There is'} {one.registration} for {one.environment}."
            )
        for warning in warnings:
            self.stdout.write(f"Warning: {warning}")


@transaction.atomic
def _registered(details: PlatformDetails, *, with_siblings: bool) -> tuple[Registration, bool, list[Sibling]]:
    """Register, and note what that changed."""
    known = find.exact(details.issuer, details.client_id)
    before, keys_before = changes.family(known.pk if known else None), key_notes.known([known] if known else [])
    row, created = register(details)
    siblings = make_siblings(row) if with_siblings else []
    changes.note_all(COMMAND, before, changes.family(row.pk))
    key_notes.note(COMMAND, keys_before, [row])
    return row, created, siblings


def _warnings(row: Registration) -> list[str]:
    """Return what does not fit this site, and which roles will be taken back."""
    taken = taking_back.ask(row)
    return [
        *map(str, (*hosts.doubts(row), *whose.doubts(row), *doubts(row))),
        *([roles_of.taken(taken)] if taken else []),
    ]


def _details(options: dict[str, Any]) -> PlatformDetails:
    lists = ("deployment_ids", "allowed_courses", "allowed_orgs", "allowed_keys", "other_hosts")
    texts = ("title", "issuer", "client_id", "auth_login_url", "auth_token_url", "auth_audience", "key_set_url")
    values: dict[str, Any] = {name: options[name] for name in (*texts, "platform", "host")}
    values |= {name: tuple(options[name]) for name in lists}
    values |= {name: options[name] for name in ("org", "ahead_way", *LEGACY_FIELDS)}
    values |= {name: "" for name in ("ahead_way", "legacy_way") if options[name] == people.NOTHING}
    return PlatformDetails(**values, **people.said(options), key_set=_key_set(options["key_set_file"]))


def _key_set(path: Path | None) -> dict[str, Any] | None:
    """Read a file as the admin's form reads what is pasted there."""
    if path is None:
        return None
    try:
        found: dict[str, Any] | None = KeySetField().to_python(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CommandError(f"--key-set-file: {path} is not a readable file ({error})") from error
    except ValidationError as error:
        raise CommandError(f"--key-set-file: {' '.join(error.messages)}") from error
    return found
