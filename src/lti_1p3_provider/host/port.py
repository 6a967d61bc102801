"""What we need from an LMS, as protocols. ``host.openedx`` is the real one; another may be configured.

A host answers in our words: it raises ``LtiError`` subclasses (``ContentNotFound``, ``ContentNotStarted``, ...) and
never leaks an exception type of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.host.course_roles import CourseRoles
from lti_1p3_provider.host.legacy import LegacyProvider
from lti_1p3_provider.host.listing import CourseCard, CourseChoice
from lti_1p3_provider.host.membership import Membership
from lti_1p3_provider.host.proof import Proof
from lti_1p3_provider.host.retirement import Retirement
from lti_1p3_provider.host.sources import Source
from lti_1p3_provider.host.surface import Surface
from lti_1p3_provider.host.tenants import Tenants


@dataclass(frozen=True, slots=True)
class Block:
    """A published block of a course.

    ``above``: all blocks above it, the course's own first. ``parent``: the first that has it as a child, None where
    nobody looked. ``graded``: it counts towards the course's grade. ``points``: what it can earn by itself, weighted;
    None if that is nothing or unknown. ``start``: when it opens, the later of its own date and the course's.
    ``staff_only``: only the course's team sees it.
    """

    usage_key: UsageKey
    title: str
    above: tuple[UsageKey, ...] = ()
    parent: UsageKey | None = None
    graded: bool = False
    points: float | None = None
    start: datetime | None = None
    due: datetime | None = None
    staff_only: bool = False

    @property
    def block_type(self) -> str:
        """Type of the block: problem, vertical, ..."""
        return str(self.usage_key.block_type)


@dataclass(frozen=True, slots=True)
class Course:
    """What a course has published. ``version`` names this very state; ``blocks`` are in the order of the course, each
    once, its own block first."""

    title: str
    version: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class GradeChanged:
    """A learner's grade on one block changed. ``earned`` and ``possible`` are weighted points.

    ``exact``: they are what the LMS has stored for this very block, so that they can be sent; else grades are read at
    delivery. ``aggregate``: the block's grade is collected from blocks below it, and never exact."""

    user_id: int
    course_key: CourseKey
    usage_key: UsageKey
    earned: float
    possible: float
    at: datetime
    aggregate: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Grade:
    """Weighted points of a block, aggregated over its children; of a course its grade in percent, of 100. ``possible``
    is greater than 0."""

    earned: float
    possible: float


@dataclass(frozen=True, slots=True)
class StaffRole:
    """A role of the LMS's own that lets an account do more than learn: in a ``course``, in all courses of an ``org``,
    or on the whole site, where both are empty."""

    name: str
    org: str = ""
    course: str = ""


class Identity(Protocol):
    """Accounts and sessions."""

    def create_user(self, username: str, email: str | None, name: str, *, signs_in: bool = False) -> AbstractUser:
        """Create an active account with a profile and an unusable password.

        ``email`` None, one that another account has or that the database does not keep, gives a placeholder address; of
        ``name`` is stored what is kept (``database.storable``). ``signs_in``: a launch makes it, which lets its person
        in, so the row says that they sign in now (``host.last_login``). Runs in the caller's transaction.
        """

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Take over what the platform says now; an empty name or an email of another account changes nothing."""

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Make ``user`` the session's user. The session key changes; another user's session data are dropped.

        Ends no session that another launch of the user made, even where the LMS prevents concurrent logins.
        """

    def sign_out(self, request: HttpRequest) -> None:
        """End this session and no other, and make the rest of the request anonymous."""

    def drop_login_cookies(self, response: HttpResponseBase) -> None:
        """Delete the cookies that tell the LMS's other front ends who signed in, in frames too; the session stays."""

    def add_login_cookies(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Tell the LMS's other front ends who signed in, and nothing of anybody before. Slow; of no use in a frame."""

    def is_course_staff(self, user: AbstractUser, course_key: CourseKey) -> bool:
        """Tell whether the LMS lets ``user`` work on the course as staff; False for an account that is off."""

    def staff_roles(self, user: AbstractUser) -> frozenset[StaffRole]:
        """Return all roles in which ``user`` is staff of anything. One query at most, none if the LMS knows already."""

    def names(self, user_ids: Iterable[int]) -> Mapping[int, str]:
        """Return the names of these accounts, as far as they have one. One query."""

    def erase(self, user: AbstractUser) -> None:
        """Take name and address from the account, and switch it off. What it did in courses stays. Twice is once."""


class Courses(Protocol):
    """What there is to open. ``outline`` keeps a copy, so that requests need not ask here."""

    def published_version(self, course_key: CourseKey) -> str | None:
        """Return a name for what the course has published now: another one after each change. One small read.

        None: there is no such course, or nothing of it was ever published.
        """

    def published_versions(self, course_keys: Iterable[CourseKey]) -> Mapping[CourseKey, str]:
        """Return the same of several courses, in one read; those that do not exist are left out."""

    def all_keys(self) -> Iterable[CourseKey]:
        """Return the keys of all courses."""

    def listed(self, choice: CourseChoice, after: tuple[str, str] | None, most: int) -> Sequence[CourseCard]:
        """Return up to ``most`` of the courses by title; those that only the team sees are left out. One query.

        ``after`` is the place of a course that was listed; without it ``choice.first`` is there, in its order.
        """

    def read_course(self, course_key: CourseKey) -> Course | None:
        """Return all that the course has published; None if there is no such course. Slow: never in a request."""

    def read_block(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        """Return a published block, reading it and what is above it alone. ``points`` may be missing.

        Raises:
            ContentNotFound: it does not exist, is not published, or is not one of this course.
        """


class Content(Protocol):
    """Who may see a block, and its page."""

    def require_access(self, user: AbstractUser, course_key: CourseKey, usage_key: UsageKey) -> None:
        """Return if the LMS lets ``user`` see the block now; a whole course only to those who are enrolled.

        Raises:
            ContentNotFound, ContentNotStarted, ContentNotAccessible
        """

    def enrol(self, user: AbstractUser, course_key: CourseKey, mode: str) -> None:
        """Enrol the user in the course; an active enrolment stays as it is. Runs in the caller's transaction.

        Raises:
            ContentNotAccessible: the LMS refuses, or does not know the mode.
        """

    def enrolment_modes(self, course_key: CourseKey) -> frozenset[str] | None:
        """Return the modes in which ``enrol`` takes somebody into the course now; None: there is no such course."""

    def newest_courses(self, org: str | None, most: int) -> Sequence[CourseKey]:
        """Return up to ``most`` courses, of all organizations or of one; those that were made last come first."""

    def course_home(self, request: HttpRequest, course_key: CourseKey) -> str:
        """Return the address of the course's own first page, for somebody who may see it."""

    def sources(self, course_key: CourseKey, usage_keys: Sequence[UsageKey]) -> Mapping[UsageKey, Source]:
        """Return what published texts, problems and videos hold; other blocks are left out. Nothing of theirs runs."""

    def render(self, request: HttpRequest, course_key: CourseKey, usage_key: UsageKey) -> HttpResponse:
        """Return the block's page, without the site's chrome. This decides, too, whether the user may see it.

        Raises:
            ContentNotFound, ContentNotStarted, ContentNotAccessible
        """


class Grades(Protocol):
    """What the LMS computed."""

    def connect(self, receiver: Callable[[GradeChanged], None]) -> None:
        """Call ``receiver`` for each change of a grade, in the LMS's transaction. Connecting twice is once."""

    def read(self, user_id: int, course_key: CourseKey, usage_keys: Iterable[UsageKey]) -> Mapping[UsageKey, Grade]:
        """Return the user's fresh grades; a block without points or attempts (hidden, unknown, reset) is left out."""


class Surfaces(Protocol):
    """What requests to the LMS are about, wherever in it they go."""

    def of(self, request: HttpRequest, view: Any, arguments: Mapping[str, Any]) -> Surface:
        """Return what a request is about that goes to ``view`` with the arguments of its path. It asks no database."""

    def token_names(self, request: HttpRequest) -> frozenset[str]:
        """Return the names of the accounts for which the request shows tokens that need no session. Not verified."""


class Host(Protocol):
    """An LMS."""

    identity: Identity
    course_roles: CourseRoles
    courses: Courses
    content: Content
    grades: Grades
    membership: Membership
    surfaces: Surfaces
    tenants: Tenants
    legacy: LegacyProvider
    proof: Proof
    retirement: Retirement
