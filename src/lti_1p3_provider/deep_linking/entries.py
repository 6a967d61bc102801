"""What the picker shows, and whom it is shown to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.registrations.models import Registration

Thing = TypeVar("Thing")

NO_WARNING, DISCUSSION, OPEN_RESPONSE, FRAMES = "", "discussion", "open_response", "frames"


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What a validated deep linking message says, as far as a site's own filter may ask. Nothing of it is personal.

    ``roles`` are the principal context roles (``Instructor``, ...); ``custom`` are the custom parameters;
    ``accept_types`` are the kinds of content that the platform takes. ``locale``: as the platform wrote it.
    """

    issuer: str = ""
    client_id: str = ""
    deployment_id: str = ""
    context_id: str = ""
    context_label: str = ""
    context_title: str = ""
    roles: frozenset[str] = frozenset()
    locale: str = ""
    accept_types: frozenset[str] = frozenset()
    accept_multiple: bool = False
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chooser:
    """Who picks: a platform's deployment, in a context if it named one. ``registration`` comes with its gate, or asks
    the database for it."""

    registration: Registration
    deployment_pk: int
    context_pk: int | None = None
    facts: MessageFacts = field(default_factory=MessageFacts)


@dataclass(frozen=True, slots=True)
class CourseEntry:
    """A course that has something to offer. ``recently_used``: this context or deployment has content of it."""

    course_key: CourseKey
    title: str
    recently_used: bool = False

    @property
    def org(self) -> str:
        """The organization."""
        return str(self.course_key.org or "")

    @property
    def run(self) -> str:
        """Number and run."""
        key = self.course_key
        return " ".join(str(part) for part in (getattr(key, "course", ""), getattr(key, "run", "")) if part)


@dataclass(frozen=True, slots=True)
class Entry:
    """A published block that learners may see.

    ``parent`` is the block above it, None for the course's own; ``depth`` counts from that, which has 0. ``points`` is
    the most that a learner can earn in it, all that is below included, and for a whole course 100, as scores are sent;
    None if there is nothing to earn. ``graded``: it counts for the course's grade. ``has_children``: something below is
    shown. ``placed``: the context has a link to it. ``warning``: ``discussion``, ``open_response`` or ``frames`` (it
    works badly in frames), of itself or, in a unit or subsection, of something below. ``choosable``: it can be opened
    by itself and the gate opens it; others are shown as the way to what is below.
    """

    course_key: CourseKey
    usage_key: UsageKey
    parent: UsageKey | None
    block_type: str
    title: str
    points: float | None = None
    graded: bool = False
    due: datetime | None = None
    start: datetime | None = None
    depth: int = 0
    has_children: bool = False
    placed: bool = False
    warning: str = NO_WARNING
    choosable: bool = True
    course_title: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[Thing]):
    """A part of a list. ``after`` asks for the next part; empty: this was the last one."""

    entries: tuple[Thing, ...] = ()
    after: str = ""
