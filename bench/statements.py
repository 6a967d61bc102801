"""Measures what a prepared statement saves: each against the queryset that its function describes.

``python -m bench.statements`` needs no server: SQLite in memory, a few rows, processor time only. Both sides take
turns. Prints the medians of all pairs as JSON, in microseconds for one call.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "demo.lms.settings"

import django
from django.conf import settings

settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
settings.DEBUG = False  # else Django keeps each query
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from lti_1p3_provider.database.prepared import prepared  # noqa: E402
from lti_1p3_provider.gates.models import LaunchGate  # noqa: E402
from lti_1p3_provider.identifiers import digest  # noqa: E402
from lti_1p3_provider.launches import grants, prefetch, sessions  # noqa: E402
from lti_1p3_provider.outline import find as outline  # noqa: E402
from lti_1p3_provider.outline.models import CourseOutline, OutlineBlock  # noqa: E402
from lti_1p3_provider.registrations import find  # noqa: E402
from lti_1p3_provider.registrations.models import Deployment, Registration  # noqa: E402
from lti_1p3_provider.resource_links import record as links  # noqa: E402
from lti_1p3_provider.resource_links.models import Context, ResourceLink  # noqa: E402
from lti_1p3_provider.scores.gradebook import remember  # noqa: E402
from lti_1p3_provider.scores.models import Lane, LineItem, PendingScore  # noqa: E402
from lti_1p3_provider.scores.outbox import claim, due, intake, lanes, moving, recipients  # noqa: E402
from lti_1p3_provider.users import sign_in  # noqa: E402
from lti_1p3_provider.users.models import Grant, PlatformUser  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK") == "1"
PAIRS, CALLS = (3, 2) if QUICK else (60, 20)
NAME = digest("a")
Case = tuple[str, Any, Callable[[], tuple[object, ...]]]


def main() -> None:
    """Measure all statements."""
    call_command("migrate", verbosity=0)
    print(json.dumps({name: compare(statement, args) for name, statement, args in cases(_rows())}, indent=1))


def compare(statement: Any, args: Callable[[], tuple[object, ...]]) -> dict[str, float]:
    """Return what a call takes plainly and prepared; the writes are undone."""
    sides = (lambda: plain(statement, *args()), lambda: statement(*args()))
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(-2, PAIRS):
        with transaction.atomic():
            for side, seconds in zip(sides, taken, strict=True):
                spent = _processor_time(side)
                if number >= 0:  # the first are to warm up
                    seconds.append(spent)
            transaction.set_rollback(True)
    pairs = list(zip(*taken, strict=True))
    return {
        "plain": round(statistics.median(taken[0])),
        "prepared": round(statistics.median(taken[1])),
        "saved": round(statistics.median(one - other for one, other in pairs)),
        "ratio": round(statistics.median(one / other for one, other in pairs), 1),
    }


def plain(statement: Any, *args: object) -> object:
    """Do with Django what the statement does."""
    described = statement.__wrapped__(*args)
    if isinstance(statement, prepared):
        return list(described)
    rows, columns = described
    return rows.update(**columns)


def cases(pk: dict[str, int]) -> Iterator[Case]:
    """Yield statements with values for a call."""
    now, several = timezone.now(), [*range(1, 101)]
    yield "login: registration", find._of_client, lambda: ("https://lms.example", "a")
    yield "launch: all of a learner", prefetch._by_names, lambda: (pk["registration"], NAME, NAME, NAME)
    yield "launch: link, and if its person is known", prefetch._link, lambda: (pk["registration"], NAME, NAME, NAME)
    yield "launch: deployment", find._deployment, lambda: (pk["registration"], NAME)
    yield "launch: person", sign_in._known, lambda: (pk["registration"], NAME)
    yield "launch: link", links._known, lambda: (pk["deployment"], NAME)
    yield "launch: block", outline._by_digest, lambda: (NAME,)
    yield "launch: UPDATE of the grant", grants._renew, lambda: (pk["user"], NAME, "a", pk["deployment"], now, 1, None)
    yield "launch: scores, of others", remember._here_or_given_up, lambda: (1, 1)
    yield "launch: lane, of others", lanes._named, lambda: ("a",)
    yield "content: grant", grants._granted, lambda: (pk["user"], NAME)
    yield "each request: session", sessions._open, lambda: ([pk["deployment"]], pk["user"])
    yield "answer: a learner's rows", intake._of_learner, lambda: (pk["user"], "course")
    moments = (now, now, now, now + timedelta(hours=1), now)
    yield "answer: UPDATE of the rows", intake._make_due, lambda: ([pk["row"]], [pk["row"]], *moments, 1.0, 2.0)
    yield "delivery: links that move", moving._under_way, tuple
    yield "delivery: registrations with due scores", due._due_each, lambda: (1, now)
    yield "delivery: registrations that are on", due._on, lambda: (several,)
    yield "delivery: oldest", due._oldest_due, lambda: (pk["registration"], now)
    yield "delivery: oldest of a lane", due._due_in_lane, lambda: (pk["lane"], now)
    yield "delivery: lanes", lanes._open, lambda: (several, now)
    yield "delivery: rows to take", claim._to_take, lambda: (several, now)
    for name in ("line_items", "people", "deployments"):
        yield f"delivery: {name.replace('_', ' ')}", getattr(claim, f"_{name}"), lambda: (several,)
    yield "delivery: accounts that are on", recipients._active, lambda: (several,)


def _rows() -> dict[str, int]:
    """Make a learner who was here before, whose score is due; return primary keys."""
    registration = Registration.objects.create(title="a", issuer="https://lms.example", client_id="a")
    LaunchGate.objects.create(registration=registration)
    deployment = Deployment.objects.create(registration=registration, deployment_id="a")
    context = Context.objects.create(deployment=deployment, context_id="a", context_digest=NAME)
    user = get_user_model().objects.create(username="a")
    person = PlatformUser.objects.create(registration=registration, sub="a", sub_digest=NAME, user=user)
    block = {"course_key": "course", "usage_key": "a"}
    identity = {"deployment": deployment, "link_id": "a", "link_digest": NAME}
    link = ResourceLink.objects.create(context=context, **identity, **block)
    item = LineItem.objects.create(resource_link=link, url="https://lms.example/item", moved_up_to=0, **block)
    lane = Lane.objects.create(deployment=deployment, name="a")
    whose = {"registration": registration, "lane": lane, "line_item": item, "platform_user": person}
    row = PendingScore.objects.create(due_at=timezone.now(), **whose, **block)
    Grant.objects.create(user=user, usage_digest=NAME, deployment=deployment, until=timezone.now())
    course = CourseOutline.objects.create(course_digest=NAME, course_key="course")
    OutlineBlock.objects.create(outline=course, usage_digest=NAME, usage_key="a", block_type="problem")
    rows = {"registration": registration, "deployment": deployment, "user": user, "lane": lane, "row": row}
    return {name: row.pk for name, row in rows.items()}


def _processor_time(call: Callable[[], object]) -> float:
    """Return microseconds for one of several calls."""
    gc.disable()
    began = time.process_time()
    for _ in range(CALLS):
        call()
    spent = time.process_time() - began
    gc.enable()
    return spent / CALLS * 1e6


if __name__ == "__main__":
    main()
