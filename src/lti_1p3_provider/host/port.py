"""What we need from an LMS, as protocols. ``host.openedx`` is the real one; another may be configured.

A host answers in our words: it raises ``LtiError`` subclasses (``ContentNotFound``, ``ContentNotStarted``, ...) and
never leaks an exception type of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from opaque_keys.edx.keys import CourseKey, UsageKey


@dataclass(frozen=True, slots=True)
class Block:
    """A published block of a course."""

    usage_key: UsageKey
    block_type: str
    title: str


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


class Identity(Protocol):
    """Accounts and sessions."""

    def create_user(self, username: str, email: str | None, name: str) -> AbstractUser:
        """Create an active account with a profile and an unusable password.

        ``email`` None, or one that another account has, gives a placeholder address. Runs in the caller's transaction.
        """

    def update_profile(self, user: AbstractUser, email: str | None, name: str) -> None:
        """Take over what the platform says now; an empty name or an email of another account changes nothing."""

    def sign_in(self, request: HttpRequest, user: AbstractUser) -> None:
        """Make ``user`` the session's user. The session key changes; another user's session data are dropped."""

    def sign_out(self, request: HttpRequest) -> None:
        """End the session, and make the rest of the request anonymous."""

    def forget(self, response: HttpResponseBase) -> None:
        """Take back what ``decorate`` added."""

    def decorate(self, request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
        """Add to the launch's answer what the LMS's other front ends need to know of the sign-in."""

    def is_course_staff(self, user: AbstractUser, course_key: CourseKey) -> bool:
        """Tell whether the LMS lets ``user`` work on the course as staff; False for an account that is off."""


class Content(Protocol):
    """Courses and blocks."""

    def describe(self, course_key: CourseKey, usage_key: UsageKey) -> Block:
        """Return a published block.

        Raises:
            ContentNotFound: it does not exist, is not published or is not of a type that can be shown by itself.
        """

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

    def render(self, request: HttpRequest, course_key: CourseKey, usage_key: UsageKey) -> HttpResponse:
        """Return the block's page, without the site's chrome.

        Raises:
            ContentNotFound, ContentNotAccessible
        """

    def graded_subsections(self, course_key: CourseKey) -> Sequence[Block]:
        """Return the published subsections that count for the course's grade, in order; none of an unknown course."""

    def ancestors(self, course_key: CourseKey, usage_key: UsageKey) -> frozenset[UsageKey]:
        """Return all blocks above this one, up to the course's own; empty for an unknown block."""


class Grades(Protocol):
    """What the LMS computed."""

    def connect(self, receiver: Callable[[GradeChanged], None]) -> None:
        """Call ``receiver`` for each change of a grade, in the LMS's transaction. Connecting twice is once."""

    def read(self, user_id: int, course_key: CourseKey, usage_keys: Iterable[UsageKey]) -> Mapping[UsageKey, Grade]:
        """Return the user's fresh grades; a block without points or attempts (hidden, unknown, reset) is left out."""


class Host(Protocol):
    """An LMS."""

    identity: Identity
    content: Content
    grades: Grades
