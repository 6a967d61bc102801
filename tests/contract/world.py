"""What each host brings to the contract: a course of its own, and how people work in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol
from unittest.mock import patch

from celery import Celery
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host.port import GradeChanged, Host

PASSWORD = "correct horse battery staple"


@dataclass
class Costs:
    """What a host read: blocks one by one, courses as a whole; and how many queries it and the app made."""

    blocks: int = 0
    whole_courses: int = 0
    queries: int = 0


@dataclass(frozen=True)
class Most:
    """What something may cost at most; a whole course is never read for it."""

    blocks: int
    queries: int


@dataclass(frozen=True)
class Place:
    """A graded subsection > unit > problem in a course; ``below_unit`` blocks are below the unit."""

    course: CourseKey
    subsection: UsageKey
    unit: UsageKey
    problem: UsageKey
    below_unit: int


class World(Protocol):
    """A host and its course: chapter > subsection > unit > problem (4 points), other_problem (2 points), text.

    ``unpublished`` is a unit of the subsection; ``future`` is a subsection that has not started, and ``future_unit`` is
    in it; ``other_block`` is a published unit of another course. The problem is titled "Primary colours".

    ``small`` is a place in this course, ``large`` one in a course with many times the blocks. ``most`` says what things
    may cost with all that the LMS does by itself, for a problem: ``access``, ``launch``, ``first_launch``, ``content``,
    ``answer``, ``answer_without_lti``.
    """

    host: Host
    celery: Celery
    course: CourseKey
    chapter: UsageKey
    subsection: UsageKey
    unit: UsageKey
    problem: UsageKey
    other_problem: UsageKey
    text: UsageKey
    unpublished: UsageKey
    future: UsageKey
    future_unit: UsageKey
    other_course: CourseKey
    other_block: UsageKey
    signals: Sequence[Signal]
    retirement: Sequence[Signal]
    enrolment_mode: str
    told: Sequence[str]  # cookies that tell other front ends who signed in, and
    login_cookies: Sequence[str]  # all of this kind, some of which tests cannot always make
    small: Place
    large: Place
    most: Mapping[str, Most]

    def costs(self) -> AbstractContextManager[Costs]:
        """Count what is read inside."""

    def profile_name(self, user: AbstractUser) -> str | None:
        """Return the name in the account's profile; None without a profile."""

    def lti_1p1_platform(self, key: str, secret: str) -> Any:
        """Make a platform of the LMS's own LTI 1.1 provider."""

    def lti_1p1_person(self, platform: Any, lti_user_id: str, user: AbstractUser) -> None:
        """Make a person of it, with this account."""

    def log_in(self, browser: Client, address: str, user: AbstractUser, password: str = PASSWORD) -> str:
        """Sign in as a person does who opens an address of the login; return where that leads."""

    def put_on_list(self, course: CourseKey) -> None:
        """Let the LMS list a course, as it does once one is published."""

    def put_on_team(self, user: AbstractUser, course: CourseKey) -> None:
        """Make somebody staff of a course, as the LMS does it."""

    def unenrol(self, user: AbstractUser, course: CourseKey) -> None:
        """Let somebody leave a course, as the LMS does it."""

    def put_on_org_team(self, user: AbstractUser, org: str) -> None:
        """Make somebody staff of all courses of an organization."""

    def let_make_courses(self, user: AbstractUser, org: str) -> None:
        """Let somebody make courses of an organization."""

    def bearer(self, user: AbstractUser) -> str:
        """Return the header of a token of somebody that allows all."""

    def proofs(self, user: AbstractUser, scope: str) -> list[str]:
        """Return headers of all kinds of tokens of somebody, with this scope."""

    def bad_proofs(self, user: AbstractUser) -> list[str]:
        """Return headers of tokens of somebody that must not count."""

    def let_test_early(self, user: AbstractUser, course: CourseKey) -> None:
        """Let somebody see a course early, which makes nobody staff."""

    def ask_to_retire(self, user: AbstractUser) -> None:
        """Put somebody in the LMS's queue of people to retire."""

    def retire(self, user: AbstractUser) -> None:
        """Retire an account through all stages of the LMS.

        Raises:
            Exception: a receiver's refusal, in whatever form the LMS has for it.
        """

    def answer(self, user: AbstractUser, problem: UsageKey, earned: float) -> None:
        """Let the learner earn weighted points, as an answer does."""

    def page(self, user: AbstractUser, course: CourseKey, block: UsageKey) -> HttpResponse:
        """Render a block through the host, in a request as the host's middleware prepares it."""

    def reset(self, user: AbstractUser, problem: UsageKey) -> None:
        """Take the learner's work away, as staff can."""

    def late_storage(self) -> AbstractContextManager[object]:
        """Inside, stored grades of subsections stay as they are, as if their task were still waiting."""

    def stored(self, user: AbstractUser) -> float:
        """Return the points that are stored for the subsection, which may be old."""


def browser(session_key: str | None = None, user: AbstractUser | None = None) -> HttpRequest:
    """Return a request of a browser with this session and user."""
    request = RequestFactory().get("/")
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    request.user = user or AnonymousUser()
    return request


@contextmanager
def as_connected(signals: Sequence[Signal]) -> Iterator[None]:
    """Afterwards nobody listens but those from before."""
    before = [(signal, list(signal.receivers)) for signal in signals]
    try:
        yield
    finally:
        for signal, receivers in before:
            signal.receivers = receivers
            signal.sender_receivers_cache.clear()


class WithFeatures:
    """A test case that sets the LMS's features."""

    def feature(self, name: str, value: object) -> None:
        """Set one for this test."""
        changed = patch.dict(settings.FEATURES, {name: value})
        changed.start()
        self.addCleanup(changed.stop)  # type: ignore[attr-defined]


class Contract(WithFeatures):
    """What the three parts share. A test class sets ``world``."""

    world: World
    numbers = iter(range(1_000_000))

    def person(self, email: str | None = None, name: str = "Ada Lovelace") -> AbstractUser:
        """Return a new account, made by the host."""
        return self.world.host.identity.create_user(f"lti_{next(self.numbers):024}", email, name)

    def signed_in(self, user: AbstractUser) -> Client:
        """Return the browser of somebody who signed in to the LMS itself, with a password."""
        user.set_password(PASSWORD)
        user.save()
        browser = Client()
        assert browser.login(username=user.username, password=PASSWORD)
        return browser

    def nobody_has(self) -> list[tuple[CourseKey, UsageKey]]:
        """Return keys that look right and lead nowhere."""
        world = self.world
        gone = CourseKey.from_string("course-v1:Gone+Gone+Gone")
        return [
            (world.course, world.course.make_usage_key("problem", "nowhere")),
            (gone, gone.make_usage_key("problem", "nowhere")),
            (world.course, world.unpublished),
            (world.course, world.other_block),
            (world.other_course, world.unit),
        ]

    @contextmanager
    def listening(self) -> Iterator[list[GradeChanged]]:
        """Connect a receiver, twice; afterwards nobody but those from before listens."""
        heard: list[GradeChanged] = []

        def receiver(change: GradeChanged) -> None:
            heard.append(change)
            get_user_model().objects.create_user(f"heard-{len(heard)}")

        with as_connected(self.world.signals):
            self.world.host.grades.connect(receiver)
            self.world.host.grades.connect(receiver)
            yield heard
