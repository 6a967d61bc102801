"""``lti_1p3_scores``: where scores are, send them again, and ask platforms what they show."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import F, Q, QuerySet
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.scores.gradebook import awaited, missing, reconcile
from lti_1p3_provider.scores.models import PendingScore
from lti_1p3_provider.scores.outbox import outcomes
from lti_1p3_provider.scores.outbox.wake import nudge
from lti_1p3_provider.scores.querysets import State
from lti_1p3_provider.scores.status import overview
from lti_1p3_provider.scores.status.as_json import as_json
from lti_1p3_provider.scores.status.unanswered import described

WRONG, NEEDS_A_PERSON = 2, 3  # exit codes
MAX_ROWS = 100
MAX_ASKED = 20_000  # scores; those that were asked about longest ago come first
NEEDED = ("platform_user__user", "line_item__resource_link", "registration")


class Command(BaseCommand):
    """Ends with 0; with 2 if what was asked for makes no sense; with 3 if a person should look."""

    help = "Show, send again or read back scores. Exit code 3: a person should look."
    stealth_options = ("most_asked",)  # of calls by code

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the three verbs; they choose rows in the same way."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, says in (
            ("status", "how each platform takes scores; with --course, --user or --parked also the scores"),
            ("resend", "send the current grades, also where the platform has them"),
            ("reconcile", "ask the platforms which results they show, and compare"),
        ):
            one = verbs.add_parser(verb, help=says)
            one.add_argument("--registration", help="its number in the admin, client ID or title")
            one.add_argument("--course", help="Open edX course key")
            one.add_argument("--user", help="Open edX username")
            one.add_argument("--parked", action="store_true", help="only scores that were given up")
            one.add_argument("--all", action="store_true", dest="everything", help="all scores, without narrowing")
            if verb == "reconcile":
                says = "send again what a platform lost: it answered, and shows nothing"
                one.add_argument("--resend-missing", action="store_true", help=says)
            one.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        registrations = _registrations(options["registration"])
        rows = _rows(options, registrations)
        if options["verb"] != "status" and not (options["everything"] or _narrowed(options)):
            raise CommandError("name --registration, --course, --user or --parked, or say --all", returncode=WRONG)
        said, needs_a_person = getattr(self, f"_{options['verb']}")(options, registrations, rows)
        self.stdout.write(json.dumps(said) if options["as_json"] else "\n".join(_lines(said)))
        if needs_a_person:
            sys.exit(NEEDS_A_PERSON)

    def _status(self, options: dict[str, Any], registrations: list[Registration], rows: Any) -> tuple[Any, bool]:
        found = [overview.of_registration(registration) for registration in registrations]
        said: dict[str, Any] = {"registrations": [one.as_json() for one in found]}
        if options["course"] or options["user"] or options["parked"]:
            full = rows.select_related(*NEEDED)[: MAX_ROWS + 1]
            said |= {"scores": _as_json(full[:MAX_ROWS]), "more": len(full) > MAX_ROWS}
            return said, any(score["state"] == State.GIVEN_UP for score in said["scores"])
        return said, any(one.parked.number for one in found)

    def _resend(self, options: dict[str, Any], registrations: Any, rows: Any) -> tuple[Any, bool]:
        number = outcomes.send_anew(rows.with_column())
        nudge(0)
        return {"will_be_sent": number}, False

    def _reconcile(self, options: dict[str, Any], registrations: Any, rows: Any) -> tuple[Any, bool]:
        found = awaited.look_for(rows)
        rows = rows.with_column()
        oldest = rows.order_by(F("result_at").asc(nulls_first=True), "line_item_id", "pk")
        most = options.get("most_asked", MAX_ASKED)
        done, left = reconcile.read_back(oldest[:most]), max(rows.count() - most, 0)
        apart = rows.different().select_related(*NEEDED).order_by(F("result_given").asc(nulls_first=True), "pk")
        scores = _as_json(apart[:MAX_ROWS])
        resent = missing.send_again(done.lost) if options["resend_missing"] else 0
        said = {"asked": done.asked, "answered": done.answered, "same": done.same, "different": done.different}
        said |= {"missing": done.missing, "resent": resent, "left": left, "columns_found": found}
        unanswered = [one.as_json() for one in described(done.troubles)]
        is_more = done.different + done.missing > MAX_ROWS
        needs_a_person = bool(done.different or done.missing > resent or unanswered or left)
        return {**said, "unanswered": unanswered, "scores": scores, "more": is_more}, needs_a_person


def _registrations(name: str | None) -> list[Registration]:
    everything = Registration.objects.order_by("pk")
    if name is None:
        return list(everything)
    exact = Q(client_id=name) | Q(title=name)
    found = list(everything.filter(exact | Q(pk=int(name)) if name.isascii() and name.isdigit() else exact))
    if len(found) != 1:
        numbers = ", ".join(str(one.pk) for one in found)
        raise CommandError(f"which of {numbers}?" if found else f"no registration {name!r}", returncode=WRONG)
    return found


def _rows(options: dict[str, Any], registrations: list[Registration]) -> QuerySet[PendingScore]:
    rows = PendingScore.objects.order_by("pk")
    if options["registration"]:
        rows = rows.filter(registration=registrations[0])
    if options["course"]:
        try:
            CourseKey.from_string(options["course"])
        except InvalidKeyError as error:
            raise CommandError(f"--course: {options['course']!r} is no course key", returncode=WRONG) from error
        rows = rows.filter(course_key=options["course"])
    if options["user"]:
        rows = rows.filter(platform_user__user__username=options["user"])
    return rows.given_up() if options["parked"] else rows


def _narrowed(options: dict[str, Any]) -> bool:
    return any(options[name] for name in ("registration", "course", "user", "parked"))


def _as_json(rows: Iterable[PendingScore]) -> list[dict[str, Any]]:
    found = list(rows)
    titles = outline.titles({row.usage_key for row in found})
    return [
        {
            "registration": row.registration_id,
            "activity": titles.get(row.usage_key) or row.line_item.resource_link.title,
            "given_up": row.why.code if row.given_up and row.why else "",
            **as_json(row),
        }
        for row in found
    ]


def _lines(said: dict[str, Any]) -> list[str]:
    lines = []
    for one in said.get("registrations", ()):
        outage = one["outage"] or next(iter(one["outages"]), None)
        off = "" if one["enabled"] else "; switched off"
        down = f"; down since {outage['since']}: {outage['reason']}" if outage else ""
        days = sum(day["delivered"] for day in one["days"])
        figures = f"{days} delivered in {overview.DAYS} days, {one['waiting']} waiting, {one['given_up']} given up"
        lines.append(f"{one['registration']} {one['title']}: {figures}{off}{down}")
    lines += [f"{name}: {value}" for name, value in said.items() if isinstance(value, int) and name != "more"]
    for one in said.get("unanswered", ()):
        place = f"{one['activity']} of {one['course']} in {one['where']}"
        lines.append(f"not compared: {place} (column {one['line_item']}, scores: {one['scores']}): {one['reason']}")
    for score in said.get("scores", ()):
        shows = f"; the platform shows {score['result'] or 'nothing'}" if score["differs"] else ""
        lines.append(f"{score['user']}  {score['block']}  {score['state']}  {score['sent']}  {score['answer']}{shows}")
    return [*lines, "and more"] if said.get("more") else lines
