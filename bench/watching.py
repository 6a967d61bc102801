"""Measures the page of the fleet, as a browser gets it: requests go into Django's WSGI handler in this process, through
all middleware. Prints its result as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import django

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import plans, queries, tokens  # noqa: E402
from bench.fill import NUMBER, STEPS, Sql, fill, fill_registrations, unchecked  # noqa: E402
from bench.growth import QUICK  # noqa: E402
from bench.stock import fleet as live  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from lti_1p3_provider.background import name_of  # noqa: E402
from lti_1p3_provider.diagnostics import tallies  # noqa: E402
from lti_1p3_provider.diagnostics.models import LastLaunch, LaunchAttempt, LaunchTally, TallyMark  # noqa: E402
from lti_1p3_provider.fleet import upkeep  # noqa: E402
from lti_1p3_provider.fleet.admin import PAGE  # noqa: E402
from lti_1p3_provider.lti import contacts  # noqa: E402
from lti_1p3_provider.lti.contacts import About  # noqa: E402
from lti_1p3_provider.lti.exchange import Answer  # noqa: E402
from lti_1p3_provider.registrations.models import Deployment  # noqa: E402
from lti_1p3_provider.scores.models import Outage, PendingScore  # noqa: E402
from lti_1p3_provider.scores.reasons import Reason  # noqa: E402

REGISTRATIONS, ATTEMPTS = (500, 20_000) if QUICK else (10_000, 1_000_000)
ROUNDS = 3 if QUICK else 30
SECONDS = 90 * 24 * 3600 / ATTEMPTS  # between two attempts: those of three months
ROLLED = ATTEMPTS // 50  # attempts that we count as a worker does
CROWD = ATTEMPTS // 10  # scores that wait for the first platform, which is down
PAGES = {
    "first": {},
    "last": {"p": str(-(-REGISTRATIONS // 25))},
    "problems": {"show": "problems"},
    "search": {"q": "school 77"},
    "search for nothing": {"q": "xylophone"},
}


def main() -> None:
    """Fill, count, measure, explain."""
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    _timed_once("filled", _fill)
    client = Client(HTTP_HOST=urlsplit(tokens.LMS).netloc)
    client.force_login(get_user_model().objects.create_superuser("admin"))
    address = reverse(f"admin:{PAGE}")
    cache.add(name_of(upkeep.TASK), 1, 24 * 3600)  # no worker is asked: here he would work in the request
    first_ever = _timed_once("first page ever, a batch counted", lambda: _get(client, address, {}))
    _timed_once("most of the others counted in SQL", _count_most)
    rolled = _timed_once(f"the newest {ROLLED:,} counted", tallies.roll_up)
    looked = _timed_once("all looked at", upkeep.look_at_all)
    found = {
        "registrations": REGISTRATIONS,
        "attempts": ATTEMPTS,
        "tallies": LaunchTally.objects.count(),
        "pages": {name: _measured(lambda query=query: _get(client, address, query)) for name, query in PAGES.items()},
        "live": _measured(live.page, rounds=3),
        "first_ever_ms": first_ever,
        "roll_up_s": rolled / 1000,
        "rolled_up": ROLLED,
        "look_at_all_s": looked / 1000,
    }
    with queries.recorded() as seen:
        _get(client, address, {})
    _say(f"\nThe first page\n\n{plans.table(plans.explain(queries.own(seen)))}\n")
    print(json.dumps(found))


def _fill() -> None:
    """A fleet in which many things are wrong: refused launches, outages, scores that wait, deployments too."""
    numbers, many = f"seq_1_to_{REGISTRATIONS}", f"seq_1_to_{ATTEMPTS}"
    each = ATTEMPTS // REGISTRATIONS
    spread = Sql(f"MOD(seq * 7919, {REGISTRATIONS}) + 1")
    with unchecked():
        fill_registrations(numbers, Minter())
        asked = {"deployment_id": "new", "deployment_digest": "new", "status": Deployment.Status.PENDING}
        fill(
            Deployment,
            f"seq_20_to_{REGISTRATIONS}_step_20",
            id=Sql(f"seq + {REGISTRATIONS}"),
            registration_id=NUMBER,
            **asked,
        )
        moments = {"since": timezone.now(), "until": timezone.now()}
        fill(
            Outage,
            f"seq_1_to_{REGISTRATIONS}_step_100",
            id=NUMBER,
            registration_id=NUMBER,
            reason=Reason.FAILING,
            **moments,
        )
        fill(
            PendingScore,
            many,
            id=NUMBER,
            registration_id=Sql(f"IF(seq <= {CROWD}, 1, CEIL(seq / {each}))"),
            platform_user_id=NUMBER,  # nobody reads who it is
            lane_id=Sql(f"CEIL(seq / {each})"),
            line_item_id=Sql(f"CEIL(seq / {each})"),
            course_key=tokens.COURSE,
            usage_key=tokens.BLOCK,
            due_at=Sql(f"IF(seq <= {CROWD} OR MOD(seq, 50) = 0, NOW(6) + INTERVAL 1 HOUR, NULL)"),
            given_up=Sql("MOD(seq, 997) = 0"),
        )
        fill(
            LaunchAttempt,
            many,
            id=NUMBER,
            support_code=Sql("CONCAT(UPPER(LEFT(SHA2(seq, 256), 4)), '-', LPAD(CONV(seq, 10, 36), 4, '0'))"),
            created_at=Sql(f"NOW(6) - INTERVAL ({ATTEMPTS} - seq) * {SECONDS} SECOND"),
            door="launch",
            outcome=Sql("IF(MOD(seq, 50) = 0, 'gate_closed', 'ok')"),
            steps=STEPS,
            registration_id=spread,
            deployment_id=spread,
            login_digest=Sql("CONCAT(CONV(UNIX_TIMESTAMP() - seq, 10, 36), ':', LEFT(SHA2(seq, 256), 57))"),
        )
    for pk in range(1, REGISTRATIONS + 1):
        for about in About:
            contacts.worked(pk, about, Answer(200, {"date": "Mon, 30 Nov 2026 12:00:00 GMT", "age": "1"}, b""))


def _count_most() -> None:
    """Write tallies of all attempts but the newest, as the roll-up would, but quicker."""
    done, up_to = TallyMark.objects.get(pk=tallies.MARK).up_to, ATTEMPTS - ROLLED
    attempts = f"FROM `{LaunchAttempt._meta.db_table}` WHERE id > {done} AND id <= {up_to} GROUP BY registration_id"
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION tmp_memory_table_size = 1 << 30, max_heap_table_size = 1 << 30")
        cursor.execute(
            f"INSERT INTO `{LaunchTally._meta.db_table}` (registration_id, day, succeeded, refused, unproven) "
            "SELECT registration_id, DATE(created_at) AS d, SUM(outcome = 'ok'), SUM(outcome <> 'ok'), 0 "
            f"{attempts}, d "
            "ON DUPLICATE KEY UPDATE refused = refused"
        )
        cursor.execute(
            f"REPLACE INTO `{LastLaunch._meta.db_table}` (registration_id, launched_at, refused_at, refusal) SELECT "
            "registration_id, MAX(created_at), MAX(IF(outcome <> 'ok', created_at, NULL)), 'gate_closed' "
            f"{attempts}"
        )
        cursor.execute(f"ANALYZE TABLE `{LaunchTally._meta.db_table}`, `{LastLaunch._meta.db_table}`")
    TallyMark.objects.filter(pk=tallies.MARK).update(up_to=up_to)


def _get(client: Client, address: str, query: dict[str, str]) -> bytes:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.content[:2000]
    return bytes(answer.content)


def _measured(work: Callable[[], Any], rounds: int = ROUNDS) -> dict[str, float]:
    """Return what some rounds take after two others, in milliseconds, and the queries of one."""
    with queries.recorded() as seen:
        work()
    taken, computed = [], []
    for _ in range(rounds + 1):
        started, began = time.perf_counter(), time.process_time()
        work()
        computed.append((time.process_time() - began) * 1000)
        taken.append((time.perf_counter() - started) * 1000)
    figures = {"ms": statistics.median(taken[1:]), "fastest_ms": min(taken[1:])}
    return {**figures, "cpu_ms": statistics.median(computed[1:]), "queries": len(seen)}


def _timed_once(name: str, work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    taken = (time.perf_counter() - started) * 1000
    _say(f"{name}: {taken:,.0f} ms")
    return taken


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
