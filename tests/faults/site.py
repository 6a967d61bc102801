"""A site as operators have it: web, other processes and Celery workers over one MariaDB and one Redis."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from threading import Event, Thread
from typing import Any

from celery import Celery
from django.contrib.auth import get_user_model
from django.db import connections
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from redis import Redis as Client
from redis import RedisError as BrokerError

from demo.browser import Browser
from demo.lms.models import Profile
from demo.platform import Link, Person, Platform, Tool
from demo.stack import free_port
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.scores.models import Lane, Outage, PendingScore
from lti_1p3_provider.scores.outbox.wake import TASK
from lti_1p3_provider.users.models import PlatformUser
from tests.connection import COURSE, PROBLEM
from tests.migrated import NAME
from tests.processes.site import Database
from tests.services import HOST, await_answers
from tests.services.mariadb import MariaDb
from tests.services.redis_server import Redis

from .course import Course, out_of_order
from .processes import LmsError, LmsProcess, Nursery, Worker

SITE = "faults"  # the connection by which tests read what the processes wrote
PATIENCE = 120.0  # seconds until everything must have arrived
QUEUE = "celery"  # Celery's own name for it
CRON = 0.3  # seconds; a site has minutes
FRESH = 0.12  # seconds; whoever looks at InnoDB's transactions sooner after the last look is shown the same again
LEASE, TIMEOUT = 4, 2  # seconds
SETTINGS = {
    "LTI_1P3_PROVIDER_LEASE_SEC": str(LEASE),
    "LTI_1P3_PROVIDER_HTTP_TIMEOUT_SEC": str(TIMEOUT),
    "LTI_1P3_PROVIDER_RETRY_BASE_SEC": "0.2",
    "LTI_AGGREGATE_SCORE_PASSBACK_DELAY": "0.5",
}
ONE_COLUMN = ((PROBLEM, ""),)
CONTENT = f"/lti/1p3/launch/{COURSE}/"
numbers = itertools.count(1)


@dataclass(eq=False)
class Site:
    """Everything of the LMS. ``public_url`` is its web process, ``lms`` a process that grades."""

    mariadb: MariaDb
    redis: Redis
    database: Database
    public_url: str
    lms: LmsProcess
    nursery: Nursery
    clock: Path
    workers: list[Worker] = field(default_factory=list)
    patience: float = PATIENCE

    def have_workers(self, number: int) -> list[Worker]:
        """Return so many that are alive and ready; start what is missing, end what is too many."""
        for worker in [one for one in self.workers if not one.alive] + self.workers[number:]:
            worker.crash()
        self.workers = [one for one in self.workers if one.alive]
        while len(self.workers) < number:
            worker = Worker(f"worker-{next(numbers)}", self.database.directory, self.nursery)
            worker.start()
            self.workers.append(worker)
        for worker in self.workers:
            worker.await_ready()
        return self.workers

    def end(self) -> None:
        """End the processes."""
        self.have_workers(0)
        self.lms.end()

    def set_clock(self, seconds: float) -> None:
        """Put the workers' clock ahead by so many seconds."""
        other = self.clock.with_suffix(".new")
        other.write_text(str(seconds))
        other.replace(self.clock)

    @staticmethod
    def reconnect() -> None:
        """Let this test read again after the database crashed."""
        connections[SITE].close()

    # --- courses ---

    def course(self, platform: Platform, people: int = 20, places: Sequence[tuple[str, str]] = ONE_COLUMN) -> Course:
        """Register a platform under a new client id, with a graded link for each (block, the platform's course).

        One learner launches each link; of the others there are the rows that a launch of theirs would have made.
        """
        client_id = f"faults-{next(numbers)}"
        addresses = {"auth_login_url": platform.auth_login_url, "auth_token_url": platform.auth_token_url}
        details = {"issuer": platform.issuer, "client_id": client_id, "key_set_url": platform.key_set_url, **addresses}
        registration = self.lms.call("register", title=client_id, deployment_ids=["1"], **details).result(60)
        ours = guide(self.public_url)
        addresses = {"login_url": ours.login_url, "jwks_url": ours.jwks_url}
        platform.add_tool(Tool(client_id=client_id, redirect_uris=[ours.redirect_uri], **addresses))
        course = Course(platform, client_id, registration)
        for block, context in places:
            link = Link(
                client_id=client_id,
                title=block.rpartition("@")[2],
                graded=True,
                context_id=context,
                target_link_uri=f"{self.public_url}{CONTENT}{block}",
            )
            course.links.append(platform.add_link(link))
        self._enrol(course, people)
        self.until_settled(course)
        return course

    def _enrol(self, course: Course, people: int) -> None:
        first, *others = [f"{course.client_id}-{number}" for number in range(people)]
        for sub in (first, *others):
            course.platform.add_person(Person(id=sub))
        for link in course.links:
            page = Browser().open(course.platform.launch_url(link.id, first))
            assert page.status_code == 200, page.text
        users = get_user_model().objects.using(SITE).bulk_create([get_user_model()(username=sub) for sub in others])
        Profile.objects.using(SITE).bulk_create([Profile(user=user) for user in users])
        PlatformUser.objects.using(SITE).bulk_create(
            [
                PlatformUser(
                    registration_id=course.registration, sub=user.username, sub_digest=digest(user.username), user=user
                )
                for user in users
            ]
        )
        found = PlatformUser.objects.using(SITE).filter(registration_id=course.registration)
        course.learners = {one.sub: one.user_id for one in found}
        newcomers = [one for one in found if one.sub != first]
        for made in self.rows(course).select_related("line_item"):
            PendingScore.objects.using(SITE).bulk_create(
                [
                    PendingScore(
                        registration_id=course.registration,
                        lane_id=made.lane_id,
                        line_item=made.line_item,
                        platform_user=one,
                        course_key=made.course_key,
                        usage_key=made.usage_key,
                    )
                    for one in newcomers
                ],
                batch_size=500,
            )

    def rows(self, *courses: Course) -> QuerySet[PendingScore]:
        """Return the courses' rows."""
        return PendingScore.objects.using(SITE).filter(registration__in=[course.registration for course in courses])

    # --- grades ---

    def make_due(self, course: Course, points: float, possible: float = 100) -> None:
        """Make everybody's score due at once, as if the LMS had recorded that."""
        now = timezone.now()
        self.rows(course).update(revision=F("revision") + 1, due_at=now, earned=points, possible=possible)
        for sub in course.subs:
            course.note(sub, points, possible)

    def grade(
        self, course: Course, given: Iterable[tuple[str, float]], block: str = PROBLEM, possible: float = 100
    ) -> None:
        """Have the LMS record points of different learners, all at once; those that it could not store, again."""
        todo = list(given)
        deadline = time.monotonic() + self.patience
        while todo:
            calls = [(sub, earned, self.begin_grading(course, sub, earned, block, possible)) for sub, earned in todo]
            todo = []
            for sub, earned, call in calls:
                try:
                    call.result(self.patience)
                    course.note(sub, earned, possible, block)
                except LmsError:
                    if time.monotonic() > deadline:
                        raise
                    todo.append((sub, earned))

    def begin_grading(
        self, course: Course, sub: str, earned: float, block: str = PROBLEM, possible: float = 100
    ) -> Future[Any]:
        """Have the LMS record points; nothing is noted."""
        order = {"user": course.learners[sub], "block": block, "earned": earned, "possible": possible}
        return self.lms.call("grade", **order)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Meanwhile the workers do nothing, so that much is due when they wake up. They hold no locks."""
        self._freeze()
        while self._locks():
            self._thaw()
            self._freeze()
        try:
            yield
        finally:
            self._thaw()

    def _freeze(self) -> None:
        for worker in self.workers:
            worker.freeze()

    def _thaw(self) -> None:
        for worker in self.workers:
            worker.thaw()

    @staticmethod
    def _locks() -> int:
        """Return how many transactions have locked or changed rows."""
        time.sleep(FRESH)
        with connections[SITE].cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_rows_locked + trx_rows_modified > 0"
            )
            return int(cursor.fetchone()[0])

    @contextmanager
    def load(self, course: Course, besides: Collection[str] = (), at_once: int = 4) -> Iterator[None]:
        """Meanwhile, all learners but some answer: each in turn, with more points each time."""
        busy = [sub for sub in course.subs if sub not in besides]
        stop = Event()
        failed: list[BaseException] = []

        def answer() -> None:
            try:
                for number in itertools.count(1):
                    for start in range(0, len(busy), at_once):
                        if stop.is_set():
                            return
                        self.grade(course, [(sub, number) for sub in busy[start : start + at_once]])
            except BaseException as error:
                failed.append(error)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
        assert not failed, failed

    # --- waiting ---

    def cron(self) -> None:
        """Wake a worker, as cron does, whatever became of other messages."""
        with suppress(Exception), Celery(broker=self.redis.url, set_as_current=False) as app:
            app.send_task(TASK, retry=False)  # fails while the broker is away

    @cached_property
    def _broker(self) -> Client:
        """A client that is asked again and again: to make one takes as long as to ask ten times."""
        return Client.from_url(self.redis.url)

    def forget_messages(self) -> None:
        """Let no worker be busy with what is left from before: each message is a run that looks for something due."""
        self._broker.delete(QUEUE)

    def _messages(self) -> int:
        """Return how many messages no worker has taken yet."""
        with suppress(BrokerError):
            return int(self._broker.llen(QUEUE))
        return 0

    def until_more(self, course: Course, number: int) -> None:
        """Wait until the platform has so many more scores."""
        enough = course.accepted() + number
        self.until(lambda: course.accepted() >= enough, course)

    def until(self, done: Callable[[], bool], *courses: Course, cron: bool = True) -> None:
        """Wait until something is so; if it is not in time, say what is the matter.

        Cron waits for workers that have much to do: its messages would stand before everything that comes later.
        """
        deadline, next_cron = time.monotonic() + self.patience, 0.0
        while not done():
            now = time.monotonic()
            assert now < deadline, self.report(*courses)
            if cron and now > next_cron and not self._messages():
                self.cron()
                next_cron = now + CRON
            time.sleep(0.03)

    def until_settled(self, *courses: Course) -> None:
        """Wait until nothing is due or being sent any more."""
        self.until(lambda: not self.waiting(*courses).exists(), *courses)

    def waiting(self, *courses: Course) -> QuerySet[PendingScore]:
        """Return the rows that are due or being sent."""
        return self.rows(*courses).filter(Q(due_at__isnull=False) | ~Q(lease=""))

    def report(self, *courses: Course) -> str:
        """Say how things are."""
        lines = []
        for course in courses:
            rows = self.waiting(course).values_list(
                "platform_user__sub", "due_at", "attempts", "lease", "reason", "detail"
            )
            lines += [f"{course.client_id}: {rows.count()} rows wait", *map(str, rows[:5]), *course.differences()]
            lines += [f"down until {one.until}: {one.says}" for one in self._outages(course)]
            lines += [line for item, sub in list(course.wrong())[:4] for line in self._history(course, item, sub)]
        for worker in self.workers:
            lines += [f"--- {worker.name}, alive: {worker.alive}", *worker.said().splitlines()[-8:]]
        return "\n".join(lines)

    def _history(self, course: Course, item: str, sub: str) -> list[str]:
        """Say what became of one score."""
        url = course.platform.line_item_url(course.platform.store.line_item(item))
        rows = self.rows(course).filter(line_item__url=url, platform_user__sub=sub).values()
        tries = [one for one in course.attempts() if (one.line_item_id, one.user_id) == (item, sub)]
        shown = [f"  {one.at} {one.status} {one.reason} answered: {one.answered} {one.body}" for one in tries[-6:]]
        return [f"{item} {sub}:", *(f"  {name}: {value}" for row in rows for name, value in row.items()), *shown]

    @staticmethod
    def _outages(course: Course) -> QuerySet[Outage]:
        return Outage.objects.using(SITE).filter(registration=course.registration)

    def check(self, *courses: Course, stale: bool = False) -> None:
        """Everything arrived: the gradebook is the ledger, in order, and nothing was left lying.

        ``stale``: a score may have been sent late, after a newer one, which the platform then refused.
        """
        self.until_settled(*courses)
        for course in courses:
            assert course.differences() == [], self.report(course)
            attempts = course.attempts()
            counted = [attempt for attempt in attempts if attempt.status == 200] if stale else attempts
            assert out_of_order(counted) == []
            assert stale or [attempt.body for attempt in attempts if attempt.status == 409] == []
            assert list(self.rows(course).filter(given_up=True).values_list("reason", "http_status", "detail")) == []
            behind = [row.pk for row in self.rows(course) if row.revision != row.delivered_revision]
            assert behind == [], self.report(course)
        lanes = Lane.objects.using(SITE).filter(deployment__registration__in=[one.registration for one in courses])
        # A worker gives its lanes back a moment after the last score.
        self.until(lambda: stale or not [lane.name for lane in lanes.all() if lane.lease and not _over(lane)], *courses)


def _over(lane: Lane) -> bool:
    until = lane.leased_until
    return until is not None and until < datetime.now(until.tzinfo)


@contextmanager
def running(mariadb: MariaDb, redis: Redis, directory: Path, platform: Platform) -> Iterator[Site]:
    """Make a site's tables and start its processes, but no workers."""
    database = Database(
        directory,
        mariadb.database(NAME) | {"ATOMIC_REQUESTS": True, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True},
    )
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis.url}
    port = free_port()
    public_url, clock = f"http://{HOST}:{port}", directory / "clock"
    clock.write_text("0")
    environment = database.environment(
        DJANGO_SETTINGS_MODULE="demo.lms.settings",
        LMS_ROOT_URL=public_url,
        DEMO_CACHE=repr(cache),
        DEMO_BROKER=redis.url,
        FAULTS_CLOCK=str(clock),
        **SETTINGS,
    )
    nursery = Nursery(environment, directory, platform.base_url)
    try:
        nursery.fork("web", directory / "web.log", port=port)
        lms = LmsProcess(nursery, directory / "lms.log")
        site = Site(mariadb, redis, database, public_url, lms, nursery, clock)
        await_answers(port)
        yield site
        site.end()
    finally:
        nursery.end()
