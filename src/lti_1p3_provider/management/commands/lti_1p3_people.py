"""``lti_1p3_people``: exports what is stored of a person, forgets it, undoes a link, or moves the person."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from lti_1p3_provider.audit.note import COMMAND
from lti_1p3_provider.people import find
from lti_1p3_provider.people.export import export
from lti_1p3_provider.people.find import Person
from lti_1p3_provider.people.forget import WORDS, Forgotten, foresee, forget
from lti_1p3_provider.people.move import NotMoved, move, said
from lti_1p3_provider.people.unlink import unlink

UNKNOWN = 2  # exit code: there is no such person
NOT_YET = "Nothing was done yet. To do it, add --yes."
FOR_EVER = f"{NOT_YET} It cannot be undone."


class Command(BaseCommand):
    """Ends with 2 if there is no such person."""

    help = "Export, forget, unlink or move a person who came through a platform. See docs/how-to/privacy.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the verbs; all choose people in the same way."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, says in (
            ("export", "print all that is stored, as one JSON document"),
            ("forget", "show what would be forgotten; with --yes forget it"),
            ("unlink", "show what would go with a link to an account; with --yes undo the link"),
            ("move", "show what would go to another account; with --yes move the person there"),
        ):
            one = verbs.add_parser(verb, help=says)
            one.add_argument("--issuer", help="the registration's issuer; with --client-id and --sub")
            one.add_argument("--client-id", help="the registration's client ID")
            one.add_argument("--sub", help="the platform's own id of the person, exactly")
            one.add_argument("--user", help="instead of these three: the username here")
            one.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
            if verb != "export":
                one.add_argument("--yes", action="store_true", help="do it")
            if verb == "move":
                one.add_argument("--to", required=True, metavar="USERNAME", help="the account that they get")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        people = _people(options)
        if options["verb"] == "export":
            self.stdout.write(json.dumps(export(people), indent=None if options["as_json"] else 2))
            return
        if options["verb"] == "unlink":
            self._unlink(_one(people), options["yes"], options["as_json"])
            return
        if options["verb"] == "move":
            self._move(_one(people), options["to"], options["yes"], options["as_json"])
            return
        done = forget(people) if options["yes"] else foresee(people)
        if options["as_json"]:
            self.stdout.write(json.dumps({"done": options["yes"], **asdict(done)}))
        else:
            self.stdout.write("\n".join(_lines(done, options["yes"])))

    def _unlink(self, person: Person, do_it: bool, as_json: bool) -> None:
        try:
            found = unlink(person, COMMAND, do_it=do_it)
        except LookupError as error:
            raise CommandError(str(error.args[0]), returncode=UNKNOWN) from error
        if as_json:
            self.stdout.write(json.dumps({"done": do_it, **asdict(found)}))
            return
        numbers = f"scores that were sent or wait: {found.scores}; grants: {found.grants}; roles: {found.course_roles}"
        first = f"{'Unlinked from' if do_it else 'This would be unlinked from'} {found.account}."
        self.stdout.write(f"{first} With the link go: {numbers}.")
        if not do_it:
            self.stdout.write(FOR_EVER)

    def _move(self, person: Person, username: str, do_it: bool, as_json: bool) -> None:
        try:
            found = move(person, username, COMMAND, do_it=do_it)
        except NotMoved as error:
            raise CommandError(str(error.args[0]), returncode=UNKNOWN) from error
        if as_json:
            self.stdout.write(json.dumps({"done": do_it, **asdict(found)}))
            return
        first = f"{'Moved' if do_it else 'This would be moved'} from {found.left} to {found.account}."
        self.stdout.write("\n".join([first, *map(str, said(found)), *([] if do_it else [NOT_YET])]))


def _one(people: list[Person]) -> Person:
    if len(people) > 1:
        raise CommandError("several platforms' people have this account: name --issuer, --client-id and --sub")
    return people[0]


def _people(options: dict[str, Any]) -> list[Person]:
    three = [options[name] for name in ("issuer", "client_id", "sub")]
    named, any_of_three = options["user"] is not None, any(value is not None for value in three)
    if named is any_of_three or (any_of_three and None in three):
        raise CommandError("name either --user, or --issuer, --client-id and --sub", returncode=UNKNOWN)
    try:
        return find.by_username(options["user"]) if named else find.by_sub(*three)
    except LookupError as error:
        raise CommandError(str(error.args[0]), returncode=UNKNOWN) from error


def _lines(done: Forgotten, is_done: bool) -> list[str]:
    found = [f"  {number:6} {WORDS[name]}" for name, number in asdict(done).items() if number]
    if not found:
        return ["Nothing is stored of this person."]
    if is_done:
        return ["Forgotten:", *found]
    return ["This would be forgotten:", *found, FOR_EVER]
