"""``lti_1p3_move_in``: takes over what another LTI 1.3 plugin left. See docs/how-to/move-in.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections

from lti_1p3_provider import host
from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.errors import MoveInRefused
from lti_1p3_provider.moving_in import bring, set_aside
from lti_1p3_provider.moving_in.carry import Carried
from lti_1p3_provider.moving_in.compare import compare
from lti_1p3_provider.moving_in.found import look
from lti_1p3_provider.moving_in.tables import Tables
from lti_1p3_provider.onboarding import changes
from lti_1p3_provider.registrations import key_notes
from lti_1p3_provider.registrations.models import AccountMode, Registration

VERBS = {
    "inspect": "show what is there, and how much of it will be carried over",
    "prepare": "before migrate: rename the other plugin's tables; with --yes",
    "undo": "rename them back; with --yes",
    "import": "after migrate: bring in registrations, gates, keys, people and links; with --yes",
    "check": "compare what was brought in with what was there",
    "drop": "delete the other plugin's tables, for good; with --yes",
}
NOTHING_DONE = "Nothing was done yet. To do it, add --yes."
NUMBERS = {
    "people": "people",
    "people_without_account": "people without an account: they get one at their next launch",
    "people_of_staff": "people whose account is staff's: not bound, no launch may sign in to it",
    "links": "links",
    "columns": "gradebook columns",
    "links_wait_for_a_launch": "links that come with their next launch: the registration has several deployments",
}


class Command(BaseCommand):
    """Ends with 1 if ``check`` finds a difference."""

    help = "Move in from another LTI 1.3 plugin. Nothing is changed without --yes."
    requires_system_checks = []  # noqa: RUF012  (they refuse what this is about to mend)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs, in the order in which they are used."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, says in VERBS.items():
            one = verbs.add_parser(verb, help=says)
            one.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
            one.add_argument("--yes", action="store_true", help="do it")
            if verb == "import":
                one.add_argument(
                    "--without-gate",
                    choices=(bring.CLOSED, bring.OPEN),
                    dest="without_gate",
                    help="registrations that had no gate: give them one that opens nothing, or leave them open to all",
                )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        try:
            getattr(self, f"_{options['verb']}")(options)
        except MoveInRefused as error:
            raise CommandError(f"{error.title}: {error.detail}") from error

    def _inspect(self, options: dict[str, Any]) -> None:
        found = look(connections[DEFAULT_DB_ALIAS])
        reports = bring.foresee(self._tables())
        if options["as_json"]:
            there = {
                **asdict(found),
                "registrations": [one.as_json() for one in reports],
                "lti_1p1_platforms": [asdict(one) for one in host.current().legacy.platforms()],
            }
            self.stdout.write(json.dumps(there))
            return
        for title, names in (("In our place", found.in_place), ("Set aside", found.aside)):
            if names:
                self.stdout.write(f"{title}: {', '.join(names)}")
        self._say(reports)
        for one in host.current().legacy.platforms():
            self.stdout.write(
                f"Platform of LTI 1.1: {one.name} (key {one.key}), people: {one.people}; see lti_1p3_legacy"
            )
        if found.is_in_our_way:
            self.stdout.write("Next: lti_1p3_move_in prepare --yes, then migrate.")

    def _prepare(self, options: dict[str, Any]) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        planned = set_aside.steps(look(connection))
        self._steps(options, planned if not options["yes"] else set_aside.prepare(connection))

    def _undo(self, options: dict[str, Any]) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        planned = [f"put back {name}" for name in look(connection).aside]
        self._steps(options, planned if not options["yes"] else set_aside.undo(connection))

    def _drop(self, options: dict[str, Any]) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        planned = [f"delete {name}, for good" for name in look(connection).aside]
        self._steps(options, planned if not options["yes"] else set_aside.drop(connection))

    def _import(self, options: dict[str, Any]) -> None:
        if not look(connections[DEFAULT_DB_ALIAS]).is_ours:
            raise CommandError("Our own tables are not there yet: run prepare --yes if inspect says so, then migrate.")
        if not options["yes"]:
            self._reports(options, bring.foresee(self._tables(), options["without_gate"]))
            return
        tables = self._tables()
        if not options["without_gate"] and (open_ones := bring.undecided(tables)):
            raise CommandError(
                f"These had no launch gate, and opened every block of the site: {', '.join(open_ones)}. Say "
                "--without-gate open to leave that so (instructors may then pick from all courses, too), or "
                "--without-gate closed to give them a gate that opens nothing until you fill it."
            )
        self._reports(options, bring.bring(tables, options["without_gate"] or bring.CLOSED, _noted))

    def _check(self, options: dict[str, Any]) -> None:
        found = compare(self._tables())
        if options["as_json"]:
            self.stdout.write(json.dumps(asdict(found)))
        else:
            self.stdout.write(f"Looked at registrations: {found.registrations}, people: {found.people}.")
            for said in (*found.differences, *found.owners):
                self.stdout.write(f"  {said}")
        if found.differences:
            raise CommandError(f"{len(found.differences)} differences.")

    def _tables(self) -> Tables:
        return Tables(connections[DEFAULT_DB_ALIAS])

    def _steps(self, options: dict[str, Any], steps: Iterable[str]) -> None:
        """Print each step when it is done, so that somebody who interrupts it knows where it stopped."""
        said = []
        for step in steps:
            said.append(step)
            if not options["as_json"]:
                self.stdout.write(f"  {step}")
        if options["as_json"]:
            self.stdout.write(json.dumps({"done": options["yes"], "steps": said}))
        elif not said:
            self.stdout.write("There is nothing to do.")
        elif not options["yes"]:
            self.stdout.write(NOTHING_DONE)

    def _reports(self, options: dict[str, Any], reports: list[Carried]) -> None:
        if options["as_json"]:
            registrations = [one.as_json() for one in reports]
            self.stdout.write(json.dumps({"done": options["yes"], "registrations": registrations}))
            return
        self._say(reports)
        if not options["yes"]:
            self.stdout.write(NOTHING_DONE)

    def _say(self, reports: list[Carried]) -> None:
        if not reports:
            self.stdout.write("No registration of another plugin is there.")
        for one in reports:
            self.stdout.write(f"{one.title} ({one.issuer}, client ID {one.client_id}): {one.state}")
            self.stdout.write(f"  {one.deployments} deployments; gate: {one.gate}; key: {one.key or 'none'}")
            if one.owner:
                condition = "; only with --without-gate closed" if one.owner_if_closed else ""
                self.stdout.write(
                    f"  belongs to the organization {one.owner}: its staff manage it through the API{condition}"
                )
            if one.accounts != AccountMode.NEW:
                self.stdout.write(f"  new people get: {AccountMode(one.accounts).label}")
            for name, number in one.numbers.items():
                self.stdout.write(f"  {number} {NUMBERS[name]}")
            for problem in one.problems:
                self.stdout.write(f"  not carried over: {problem}")
            if one.staff:
                self.stdout.write(f"  accounts of staff: {', '.join(map(str, one.staff))}")


def _noted(row: Registration) -> None:
    """Note a registration that was brought in, with everything that belongs to it."""
    changes.note_all(COMMAND, {}, changes.known(row.pk))
    key_notes.note(COMMAND, {}, [row])
