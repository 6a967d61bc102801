"""Reads a roster, ours or as a plain loop does (``BENCH_SIDE``), twice: everybody is new, then everybody is known. Each
side runs in a process of its own, whose peak memory is its own. Prints its result as JSON.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

import requests  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import roster_server, world  # noqa: E402
from bench.peak import peak_mb  # noqa: E402
from bench.tokens import Minter  # noqa: E402
from lti_1p3_provider.identifiers import digest  # noqa: E402
from lti_1p3_provider.memberships.models import Member  # noqa: E402
from lti_1p3_provider.memberships.sync import sync  # noqa: E402
from lti_1p3_provider.registrations import keys  # noqa: E402
from lti_1p3_provider.registrations.models import Deployment  # noqa: E402
from lti_1p3_provider.resource_links.models import Context  # noqa: E402

CLIENT = "bench-roster"
PLAIN = os.environ.get("BENCH_SIDE") == "baseline"
PEOPLE = (1_000 if os.environ.get("BENCH_QUICK") == "1" else 20_000) // (20 if PLAIN else 1)  # a row at a time is slow


def main() -> None:
    """Read twice, and count."""
    with roster_server.running(PEOPLE) as base:
        context = _prepare(base)
        side = _plain if PLAIN else _ours
        first, second = _measured(side, context), _measured(side, context)
    assert Member.objects.count() == PEOPLE
    print(json.dumps({"people": PEOPLE, "first": first, "again": second, "peak_mb": peak_mb()}))


def _prepare(base: str) -> Context:
    cache.clear()
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    keys.ensure()
    minter = Minter()
    world.register_platform(CLIENT, {"key_set": minter.key_set}, minter, token_url=f"{base}/token")
    deployment = Deployment.objects.select_related("registration").get(registration__client_id=CLIENT)
    return Context.objects.create(
        deployment=deployment, context_id="1", context_digest=digest("1"), memberships_url=f"{base}/members"
    )


def _ours(context: Context) -> None:
    sync(context)


def _plain(context: Context) -> None:
    """A row at a time, as the list names them."""
    url, now = context.memberships_url, timezone.now()
    while url:
        answer = requests.get(url, timeout=10)
        for one in answer.json()["members"]:
            values = {"roles": "Learner", "status": "Active", "first_seen": now, "last_seen": now}
            Member.objects.update_or_create(context=context, subject_digest=digest(one["user_id"]), defaults=values)
        url = answer.links.get("next", {}).get("url", "")


def _measured(side: Callable[[Context], None], context: Context) -> dict[str, float]:
    counted = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal counted
        counted += 1
        return execute(*arguments)

    started = time.perf_counter()
    with connection.execute_wrapper(count):
        side(context)
    return {"people_per_s": round(PEOPLE / (time.perf_counter() - started), 1), "queries": counted}


if __name__ == "__main__":
    main()
