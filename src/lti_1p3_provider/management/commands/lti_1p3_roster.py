"""``lti_1p3_roster``: who is in a platform's course, and which of them came here."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.database.conflicts import described, traced
from lti_1p3_provider.errors import DatabaseRefused, LtiError
from lti_1p3_provider.memberships import leavers, sync
from lti_1p3_provider.memberships.ahead import provide
from lti_1p3_provider.memberships.compared import Compared, contexts, live, stored
from lti_1p3_provider.memberships.models import Roster
from lti_1p3_provider.memberships.plan import Outcome, Stopped, plan
from lti_1p3_provider.memberships.words import failed
from lti_1p3_provider.memberships.words import said as in_words
from lti_1p3_provider.registrations.find import exact
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.scores.status.sentence import iso

UNKNOWN, FAILED, HELD_BACK = 2, 3, 4  # exit codes
NOT_ASKED = "not_asked"  # the code of a course whose list nobody has asked for
EMPTY = "the list is empty"
GAPS = "The list had entries that name nobody, or was empty."
Trouble = dict[str, str]

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Ends with 2 if there is no such registration or course, with 3 if a list could not be read or stored, or has
    gaps, else with 4 if something was held back that is to be done ahead: too many people left, or came."""

    help = "Read, or show, who is in a platform's courses. See docs/how-to/rosters.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the two verbs; both choose courses in the same way."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, says in (
            ("sync", "ask the platform, store its list without names, and do what the registration wants done ahead"),
            ("show", "show what is stored, without asking the platform"),
        ):
            one = verbs.add_parser(verb, help=says)
            one.add_argument("--issuer", required=True, help="the registration's issuer")
            one.add_argument("--client-id", required=True, help="the registration's client ID")
            one.add_argument(
                "--context", help="the platform's id of the course; without it: all courses that launches came from"
            )
            one.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
            if verb == "sync":
                one.add_argument("--dry-run", action="store_true", help="make no accounts and enrolments: count them")
                one.add_argument(
                    "--many-left", action="store_true", help="unenrol even if half of the people or more have left"
                )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb for each course. If one fails, the others are still read."""
        members: list[Compared] = []
        troubles: list[Trouble] = []
        ahead: list[dict[str, Any]] = []
        for context in _chosen(options):
            try:
                found, trouble, done = _sync(context, options) if options["verb"] == "sync" else _show(context)
            except (LtiError, Error) as error:
                troubles.append(_trouble(context, error))
                continue
            members += found
            troubles += [trouble] if trouble else []
            ahead += [{"context": context.context_id, **asdict(done)}] if done is not None else []
        said = {"members": [asdict(one) for one in members], "complete": not troubles, "troubles": troubles}
        if ahead:
            said |= {"ahead": ahead, "dry_run": options["dry_run"]}
        self.stdout.write(json.dumps(said) if options["as_json"] else "\n".join(_lines(said)))
        if troubles:
            sys.exit(FAILED)
        if any(one["stopped"] in (Stopped.SHRUNK, Stopped.QUOTA) for one in ahead):
            sys.exit(HELD_BACK)


def _trouble(context: Context, error: LtiError | Error) -> Trouble:
    """Return why one course failed. The next one gets another connection if this one broke."""
    if isinstance(error, Error):
        log.error("LTI: the roster of context %s was not done: %s", context.pk, traced(error))
        connection.close_if_unusable_or_obsolete()
        error = DatabaseRefused(described(error))
    return {"context": context.context_id, "code": error.code, "detail": str(error)}


def _chosen(options: dict[str, Any]) -> list[Context]:
    issuer, client_id = options["issuer"], options["client_id"]
    registration = exact(issuer, client_id)
    if registration is None:
        raise CommandError(f"no registration with issuer {issuer!r} and client ID {client_id!r}", returncode=UNKNOWN)
    found = contexts(registration, options["context"])
    if not found:
        raise CommandError("no launch came from such a course yet", returncode=UNKNOWN)
    return found


def _sync(context: Context, options: dict[str, Any]) -> tuple[list[Compared], Trouble | None, Outcome | None]:
    read, shrinks = sync.read(context), options["many_left"]
    if options["dry_run"]:
        foreseen = plan(context, read, shrinks=shrinks)
        done = foreseen.foreseen if foreseen is not None else None
    else:
        sync.look_for_columns(context)
        leavers.take_back(context, COMMAND)
        done = provide(context, read, COMMAND, whole=True, shrinks=shrinks)
    now = sync.with_accounts(context.deployment.registration_id, read.members)
    trouble = None if read.members.complete else _said(context, Stopped.GAPS, _gaps(read.members.odd))
    return live(context, now), trouble, done


def _gaps(odd: int) -> str:
    return "1 entry names nobody" if odd == 1 else f"{odd} entries name nobody" if odd else EMPTY


def _show(context: Context) -> tuple[list[Compared], Trouble | None, None]:
    """Say of what is stored why it may not be all."""
    found, roster = stored(context)
    if roster is not None and roster.failure:
        return found, _said(context, roster.failure, f"{failed(roster.failure)} {_age(roster)}"), None
    if roster is None or roster.asked_at is None:
        return found, _said(context, NOT_ASKED, "sync asks the platform"), None
    return found, None if roster.complete else _said(context, Stopped.GAPS, f"{GAPS} {_age(roster)}"), None


def _age(roster: Roster) -> str:
    return f"What is stored is of {iso(roster.asked_at)}." if roster.asked_at else "Nothing is stored."


def _said(context: Context, code: str, detail: str) -> Trouble:
    return {"context": context.context_id, "code": str(code), "detail": detail}


def _lines(said: dict[str, Any]) -> list[str]:
    lines = []
    for one in said["members"]:
        here = ", ".join(word for word in ("launched", "enrolled") if one[word]) or "never here"
        lines.append(f"{one['sub'] or '-'}  {' '.join(one['roles']) or '-'}  {one['status']}  {here}")
    dry_run = said.get("dry_run", False)
    would = "would be done ahead" if dry_run else "ahead"
    lines += [f"{would}: {one['context']}: {' '.join(in_words(one, dry_run=dry_run))}" for one in said.get("ahead", ())]
    lines += [f"not complete: {one['context']}: {one['code']}: {one['detail']}" for one in said["troubles"]]
    return [*lines, "complete" if said["complete"] else "not complete: others may be in the course, too"]
