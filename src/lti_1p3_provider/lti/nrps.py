"""Memberships: who is in a platform's course. (NRPS 2.0, 2)

Only ids, roles and states are read. Names and addresses, which a platform may send as well, are dropped here. The list
is read leniently: one odd member does not hide a whole course, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from lti_1p3_provider.database.storable import INSTEAD, keeps
from lti_1p3_provider.lti import roles, service
from lti_1p3_provider.lti.exchange import Answer, Exchange
from lti_1p3_provider.lti.roles import Roles
from lti_1p3_provider.lti.strict_json import parse_objects_in
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations.models import Deployment

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MAX_SUB = 2048  # as in launches
BOUNDS = service.Bounds(pages=1000, entries=50_000, seconds=600.0, body=service.LONG_PAGE)  # 50,000, 50 at a time
LAST_WORD = re.compile(r"[^#:/]*\Z")  # of a status that is written as an address


class Status(StrEnum):
    """Whether somebody takes part now. (2.2)"""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    DELETED = "Deleted"


STATUSES = {one.value.lower(): one for one in Status}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in the course; ``sub`` is what launches call them. ``is_unclear``: the platform gave a status that is
    not in the specification. It gives nobody anything, and takes nothing from anybody."""

    sub: str
    roles: Roles
    status: Status = Status.ACTIVE
    is_unclear: bool = False

    @property
    def may_take_part(self) -> bool:
        """Whether the person takes part, or may do so for all that we know."""
        return self.status is Status.ACTIVE or self.is_unclear


@dataclass(frozen=True, slots=True)
class Members:
    """A course's people from all pages, each once. ``odd``: how many entries name nobody, so that they may be
    anybody."""

    people: tuple[Member, ...]
    odd: int = 0

    @property
    def complete(self) -> bool:
        """Whether people who are not on the list are not in the course. An empty list does not count: it is more likely
        a filter, or a course that the platform does not show us."""
        return bool(self.people) and not self.odd


@dataclass(slots=True)
class _Pages:
    """Reads pages, and remembers what the list itself does not hold."""

    odd: int = 0
    seen: dict[str, Member] = field(default_factory=dict)

    def read(self, answer: Answer) -> list[service.Entry]:
        """Return the members on a page. One may come after the last, without people and without a body."""
        if answer.status in service.NO_CONTENT and not answer.text().strip():
            return []
        entries, left_out = parse_objects_in(answer.text(), "members")
        self.odd += left_out
        for entry in entries:
            self._take(entry)
        return [{}] * len(entries)

    def _take(self, entry: service.Entry) -> None:
        member = _member(entry)
        if member is None:
            self.odd += 1
        elif before := self.seen.get(member.sub):
            self.seen[member.sub] = _together(before, member)
        else:
            self.seen[member.sub] = member


def read(deployment: Deployment, url: str, limit: int | None = None) -> Exchange[Members]:
    """Read who is in a course: all pages, or nothing. ``url``: from a launch. ``limit``: how many people are asked for
    at once; without it, as many as the platform's preset says.

    Raises:
        AddressForbidden: the address, or a page of it, is not on the platform's own hosts.
        ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey, KeyInvalid
    """
    usual = preset(deployment.registration.platform).members_page
    query, pages = {"limit": str(limit or usual)}, _Pages()
    yield from service.entries(
        deployment, (SCOPE,), url, MEMBERS_TYPE, SCOPE, query=query, read=pages.read, bounds=BOUNDS
    )
    return Members(tuple(pages.seen.values()), pages.odd)


def _member(said: service.Entry) -> Member | None:
    """Return a member, None if the entry names nobody. An id may be a number. ``$User.id`` is a variable that the
    platform did not know."""
    sub = said.get("user_id")
    if isinstance(sub, bool) or not isinstance(sub, str | int):
        return None
    sub = str(sub)
    if not sub.strip() or len(sub) > MAX_SUB or sub.startswith("$") or INSTEAD in sub or not keeps(sub):
        return None
    status = _status(said.get("status"))
    return Member(sub, roles.parse(_texts(said.get("roles"))), status or Status.INACTIVE, is_unclear=status is None)


def _texts(value: object) -> Iterable[str]:
    """Return roles. Some platforms write a single one as text."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _status(value: object) -> Status | None:
    """Return the status, None if it is none of the specification's. Absent means active (2.2)."""
    if value is None or value == "":
        return Status.ACTIVE
    word = LAST_WORD.search(value) if isinstance(value, str) else None
    return STATUSES.get(word[0].strip().lower() if word else "")


def _together(one: Member, other: Member) -> Member:
    """Join the entries of a person who is on the list several times, because pages overlap or for each role. They take
    part if any entry says so."""
    status = min(one.status, other.status, key=list(Status).index)
    named = (*one.roles.named, *(role for role in other.roles.named if role not in one.roles.named))
    is_unclear = status is Status.INACTIVE and (one.is_unclear or other.is_unclear)
    return Member(one.sub, roles.parse(named), status, is_unclear)
