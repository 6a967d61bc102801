"""What the picker shows, and whom it is shown to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.registrations.models import Registration

Thing = TypeVar("Thing")

NO_WARNING, DISCUSSION, OPEN_RESPONSE, FRAMES = "", "discussion", "open_response", "frames"


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What a site's own filter is told of a validated deep linking message. Nothing of it is personal, unless the site
    asks for such a parameter.

    ``roles`` are the principal context roles (``Instructor``, ...); ``accept_types`` are the kinds of content that the
    platform takes; ``placement`` is from where somebody came, in Canvas's words; ``custom`` has those of the message's
    parameters that ``LTI_1P3_PROVIDER_DEEP_LINKING_CUSTOM`` names.
    """

    issuer: str = ""
    client_id: str = ""
    deployment_id: str = ""
    context_id: str = ""
    context_label: str = ""
    context_title: str = ""
    roles: frozenset[str] = frozenset()
    accept_types: frozenset[str] = frozenset()
    accept_multiple: bool = False
    placement: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chooser:
    """Who picks, for one request: somebody in a platform's deployment, in a context if we know it. ``registration``
    comes with its gate, or asks the database for it; of ``message`` the person is not known. ``memo`` has what the
    request has read already."""

    registration: Registration
    deployment_pk: int
    context_pk: int | None
    message: DeepLinkingMessage
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def facts(self) -> MessageFacts:
        """What the site's filter is told."""
        said, context = self.message, self.message.context
        return MessageFacts(
            issuer=self.registration.issuer,
            client_id=self.registration.client_id,
            deployment_id=said.deployment_id,
            context_id=context.id if context else "",
            context_label=context.label if context else "",
            context_title=context.title if context else "",
            roles=said.roles.context,
            accept_types=frozenset(said.settings.accept_types),
            accept_multiple=said.settings.accept_multiple,
            placement=said.placement,
            custom=dict(said.custom),
        )


@dataclass(frozen=True, slots=True)
class CourseEntry:
    """A course that has something to offer. ``recently_used``: this context or deployment has content of it."""

    course_key: str
    title: str
    org: str
    run: str
    recently_used: bool = False


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

    course_key: str
    usage_key: str
    parent: str | None
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

    @property
    def has_page(self) -> bool:
        """Whether it can be chosen."""
        return self.choosable


@dataclass(frozen=True, slots=True)
class Page(Generic[Thing]):
    """A part of a list. ``after`` asks for the next part; empty: this was the last one."""

    rows: tuple[Thing, ...] = ()
    after: str = ""
