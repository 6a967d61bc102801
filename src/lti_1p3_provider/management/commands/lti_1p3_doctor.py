"""``lti_1p3_doctor``: tries the site and its connections, and says what is wrong and what to do."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from lti_1p3_provider.diagnostics.verdict import Verdict
from lti_1p3_provider.doctor import connection, site, together
from lti_1p3_provider.doctor.findings import Finding
from lti_1p3_provider.registrations.models import Registration

MAX_SECONDS = 3600
WRONG = 3  # exit code: something does not work
MARKS = {Verdict.GOOD: "ok    ", Verdict.NOTICE: "notice", Verdict.WRONG: "WRONG "}


class Command(BaseCommand):
    """Reads and asks; changes nothing. It runs even if system checks fail, because it reports them."""

    help = "Try this site and each registration's platform. Exit code 3: something does not work."
    requires_system_checks: list[str] = []  # noqa: RUF012  # as Django declares it

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what may be left out."""
        parser.add_argument("--registration", help="its number in the admin, client ID or title; default: all")
        parser.add_argument(
            "--within",
            type=_seconds,
            default=together.WITHIN,
            metavar="SECONDS",
            help="time for all of it; default: 60",
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine, print, and end with 3 if anything is wrong. JSON is in the order of the registrations. Text is
        printed as each examination ends."""
        examinations = _examinations(_registrations(options["registration"]))
        found: dict[str, list[Finding]] = {}
        for name, ones in together.examine(examinations, options["within"]):
            found[name] = ones
            if not options["as_json"]:
                self.stdout.write("\n".join([f"{name}:", *_lines(ones), ""]))
                self.stdout.flush()
        if options["as_json"]:
            ordered = {name: [one.as_json() for one in found[name]] for name in examinations}
            self.stdout.write(json.dumps(ordered))
            self.stdout.flush()
        if any(one.verdict is Verdict.WRONG for ones in found.values() for one in ones):
            sys.exit(WRONG)


def _examinations(registrations: list[Registration]) -> dict[str, together.Examination]:
    """Return what to examine, by the name to print; the number tells those of the same name apart."""
    found: dict[str, together.Examination] = {"this site": site.examine}
    for registration in registrations:
        name = f"{registration.title} ({registration.client_id})"
        name = f"{name} {registration.pk}" if name in found else name
        found[name] = partial(connection.examine, registration)
    return found


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"more than 0 and up to {MAX_SECONDS} seconds")
    return seconds


def _lines(found: Iterable[Finding]) -> Iterable[str]:
    for one in found:
        yield f"  {MARKS[one.verdict]}  {one.about}: {one.says}"
        if one.advice:
            yield f"          -> {one.advice}"


def _registrations(name: str | None) -> list[Registration]:
    rows = Registration.objects.select_related("gate").order_by("pk")
    if name is None:
        return list(rows)
    found = list(
        rows.filter(Q(pk=int(name)) if name.isascii() and name.isdigit() else Q(client_id=name) | Q(title=name))
    )
    if not found and name.isdigit():
        found = list(rows.filter(client_id=name))
    if not found:
        raise CommandError(f"There is no registration {name!r}.")
    return found
