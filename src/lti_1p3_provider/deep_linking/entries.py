"""What the picker shows, and to whom."""

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
    """What a site's own filter learns of a deep linking message that was checked. Nothing in it is personal, unless the
    site asks for such a parameter.

    ``roles``: the principal context roles (``Instructor``, ...). ``accept_types``: the kinds of content that the
    platform takes. ``placement``: where in Canvas the person came from. ``custom``: those of the message's parameters
    that ``LTI_1P3_PROVIDER_DEEP_LINKING_CUSTOM`` names.
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
    """Who chooses, in one request: somebody in a platform's deployment, and in a context if that is known.
    ``registration`` comes with its gate, or reads it when asked. ``message`` does not say who the person is. ``memo``:
    what the request has read already."""

    registration: Registration
    deployment_pk: int
    context_pk: int | None
    message: DeepLinkingMessage
    memo: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def facts(self) -> MessageFacts:
        """What the site's filter learns."""
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
    """A course of which something is offered. ``recently_used``: this context or deployment has content from it."""

    course_key: str
    title: str
    org: str
    run: str
    recently_used: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A published block that learners may see.

    ``parent``: the block above it, None for the course's own. ``depth``: its distance from the course's own block.
    ``points``: the most that a learner can earn in it and below, 100 for a whole course (as scores are sent), None if
    there is nothing to earn. ``graded``: it counts for the course's grade. ``has_children``: something below it is
    shown. ``placed``: the context has a link to it. ``warning``: ``discussion``, ``open_response`` or ``frames`` (works
    badly in frames), about the block or, for a unit or subsection, about something below it. ``choosable``: it has a
    page of its own and the gate opens it; other blocks are shown only as the way to something below.
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
        """Whether it has a page, and so can be chosen."""
        return self.choosable


@dataclass(frozen=True, slots=True)
class Page(Generic[Thing]):
    """A part of a list. ``after`` asks for the next part; empty: this was the last one."""

    rows: tuple[Thing, ...] = ()
    after: str = ""
