"""The soak itself: two platforms, learners who answer, faults, and the count at the end."""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from django.db import connections
from django.db.utils import ConnectionHandler

from demo.platform import Platform, PlatformConfig, RunningPlatform
from tests.connection import OTHER_PROBLEM, PROBLEM, UNIT
from tests.faults.course import Course
from tests.faults.site import SITE, Site, running
from tests.services import mariadb, redis_server

from .chaos import Chaos

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
SCORES = int(os.environ.get("SOAK_SCORES", "50000"))
SEED = int(os.environ.get("SOAK_SEED", str(random.SystemRandom().randrange(10**6))))
WORKERS = int(os.environ.get("SOAK_WORKERS", "4"))
AT_ONCE = 8
PATIENCE = 600.0  # seconds: a worker that dies while it tries whether a platform is back keeps others from that
PLACES = [(PROBLEM, "course-1"), (OTHER_PROBLEM, "course-1"), (UNIT, "course-2"), (PROBLEM, "course-3"), (PROBLEM, "")]
COLUMNS = {PROBLEM: 4, OTHER_PROBLEM: 2}  # how many columns an answer changes


def main() -> int:
    """Run it."""
    if reason := mariadb.missing() or redis_server.missing():
        print(f"The soak cannot run: {reason}", file=sys.stderr)
        return 1
    print(f"SOAK_SEED={SEED}", file=sys.stderr, flush=True)
    with _site() as (site, platforms):
        result = soak(site, platforms)
    print(json.dumps(result))
    return 0 if result["ok"] else 1


@contextmanager
def _site() -> Iterator[tuple[Site, tuple[Platform, ...]]]:
    with (
        tempfile.TemporaryDirectory(prefix="lti-soak-") as folder,
        RunningPlatform(PlatformConfig()) as one,
        RunningPlatform(PlatformConfig()) as other,
        mariadb.running() as database,
        redis_server.running() as redis,
        running(database, redis, Path(folder), one) as site,
    ):
        connections[SITE] = ConnectionHandler({"default": {}, SITE: site.database.connection})[SITE]
        site.have_workers(WORKERS)
        yield site, (one, other)


def soak(site: Site, platforms: tuple[Platform, ...]) -> dict[str, object]:
    """Have learners answer, evenly over the time, while things happen; then let all of it arrive."""
    chance, site.patience = random.Random(SEED), PATIENCE
    people = max(20, min(500, SCORES // 60))
    courses = [site.course(platform, people, PLACES) for platform in platforms]
    chaos = Chaos(site, platforms, WORKERS, random.Random(SEED))
    stop, peak, begun = Event(), [0], time.monotonic()
    threads = [Thread(target=one, args=(stop,), daemon=True) for one in (chaos.run, _cron(site), _memory(site, peak))]
    for thread in threads:
        thread.start()
    answered = _answer(site, courses, chance, begun)
    stop.set()
    for thread in threads:
        thread.join()
    chaos.mend()
    connections[SITE].close()
    wrong = _wrong(site, courses)
    attempts = [attempt for course in courses for attempt in course.attempts()]
    return {
        "ok": not wrong,
        "seed": SEED,
        "scores": sum(course.accepted() for course in courses),
        "answers": answered,
        "requests": len(attempts),
        "restarts": sum(chaos.done[name] for name in ("pool_killed", "machine_dies", "database", "broker")),
        "faults": dict(sorted(chaos.done.items())),
        "seconds": round(time.monotonic() - begun, 1),
        "worker_peak_mb": round(peak[0] / 1e6, 1),
        "wrong": wrong,
    }


def _answer(site: Site, courses: list[Course], chance: random.Random, begun: float) -> int:
    """Answer until enough columns have changed or the time is over; return how many answers there were."""
    answers = changed = 0
    while changed < SCORES and time.monotonic() - begun < SECONDS:
        course, block = chance.choice(courses), chance.choice(list(COLUMNS))
        site.grade(course, [(sub, chance.randint(0, 1000)) for sub in chance.sample(course.subs, AT_ONCE)], block, 1000)
        answers += AT_ONCE
        changed += AT_ONCE * COLUMNS[block]
        time.sleep(max(0.0, begun + SECONDS * changed / SCORES - time.monotonic()))
    return answers


def _cron(site: Site):
    def run(stop: Event) -> None:
        while not stop.wait(1):
            site.cron()

    return run


def _memory(site: Site, peak: list[int]):
    def run(stop: Event) -> None:
        while not stop.wait(1):
            peak[0] = max([peak[0], *(worker.memory() for worker in list(site.workers))])

    return run


def _wrong(site: Site, courses: list[Course]) -> list[str]:
    try:
        site.check(*courses, stale=True)
    except AssertionError as error:
        return str(error).splitlines()[:200]
    return []
