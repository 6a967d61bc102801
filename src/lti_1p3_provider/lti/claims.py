"""What all messages say, frozen and typed: the base class of messages, and how its claims are read.

Raw dictionaries end here. ``messages`` lists the kinds of messages. (LTI 1.3 Core, 5)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from lti_1p3_provider.database.storable import NOWHERE, keeps, reduce
from lti_1p3_provider.lti.lti1p1 import Lti1p1
from lti_1p3_provider.lti.lti1p1 import read as read_lti1p1
from lti_1p3_provider.lti.names import plain_name
from lti_1p3_provider.lti.reader import Reader, is_empty
from lti_1p3_provider.lti.roles import Roles, parse
from lti_1p3_provider.lti.state import LoginState
from lti_1p3_provider.registrations.models import Deployment, Registration
from lti_1p3_provider.web.addresses import trimmed

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
MAX_EMAIL = 254
MAX_URL = 4096


@dataclass(frozen=True, slots=True)
class ContextClaim:
    """Their course. (5.4.1)"""

    id: str
    label: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Personal data; each is empty if it was not shared. (5.3.6.1)"""

    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class GradeService:
    """The AGS claim. An empty address means that there is none. (AGS 2.0, 3.1)

    ``declined``: ``lineitem`` is there and empty, as Moodle says of a link that is not to be graded.
    """

    scopes: frozenset[str] = frozenset()
    line_item: str = ""
    line_items: str = ""
    declined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What every message says. Each kind of message is a subclass, with what only that kind says.

    ``subject`` is None for an anonymous person. ``target_link_uri``, ``return_url`` and ``memberships_url`` (of Names
    and Roles) may be empty.
    """

    deployment_id: str
    subject: str | None
    person: Person
    roles: Roles
    context: ContextClaim | None
    target_link_uri: str
    return_url: str
    grade_service: GradeService | None
    custom: Mapping[str, str] = field(default_factory=dict)
    memberships_url: str = ""
    lti1p1: Lti1p1 | None = None


Kind = TypeVar("Kind", bound=Message, covariant=True)


@dataclass(frozen=True, slots=True)
class Launch(Generic[Kind]):
    """A validated message of a known deployment."""

    registration: Registration
    deployment: Deployment
    message: Kind
    login: LoginState


def shared(reader: Reader) -> dict[str, Any]:
    """Read the claims that any message may have: the members of ``Message``. Titles and labels are reduced to what the
    database can store. Text that only people read never refuses a launch.

    Raises:
        ClaimMissing, ClaimInvalid
        TextNotKept: what names a person, course or address has characters that the database does not keep.
    """
    return {
        "deployment_id": reader.require_name(f"{LTI}deployment_id", limit=255),
        "subject": reader.name("sub", limit=2048) or None,
        "person": _person(reader),
        "roles": parse(reader.texts(f"{LTI}roles")),
        "context": _context(reader.object(f"{LTI}context")),
        "target_link_uri": reader.text(f"{LTI}target_link_uri", limit=4096),
        "return_url": _address(reader.object_or_empty(f"{LTI}launch_presentation"), "return_url"),
        "grade_service": _grade_service(reader.object(AGS)),
        "custom": _custom(reader.object_or_empty(f"{LTI}custom")),
        "memberships_url": _memberships_url(reader.values.get(NRPS)),
        "lti1p1": read_lti1p1(reader.values),
    }


def _context(claim: Reader | None) -> ContextClaim | None:
    if claim is None or all(map(is_empty, claim.values.values())):
        return None
    label, title = reduce(claim.label("label")), reduce(claim.label("title"))
    return ContextClaim(claim.require_name("id", limit=2048), label, title)


def _person(reader: Reader) -> Person:
    parts = " ".join(filter(None, (reader.label("given_name"), reader.label("family_name"))))
    name = plain_name(reader.label("name")) or plain_name(parts)
    return Person(name=name, email=_email(reader.label("email").strip()))


def _email(text: str) -> str:
    """Return the email. An invalid one is treated as not shared: it must not reach mail headers."""
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text if len(text) <= MAX_EMAIL and keeps(text) else ""


def _grade_service(claim: Reader | None) -> GradeService | None:
    if claim is None:
        return None
    return GradeService(
        scopes=frozenset(map(reduce, claim.texts("scope"))),  # ours are plain
        line_item=claim.address("lineitem", limit=8192),
        line_items=claim.address("lineitems", limit=8192),
        declined=str(claim.values.get("lineitem", "absent")).strip() == "",
    )


def _address(claim: Reader, name: str) -> str:
    """Return an address, whole or not at all, without what was copied together with it."""
    said = claim.values.get(name)
    return trimmed(said) if isinstance(said, str) and len(said) <= MAX_URL and not NOWHERE.search(said) else ""


def _memberships_url(said: Any) -> str:
    """Return the address of Names and Roles. Launches do not need it, so it refuses none. (NRPS 2.0, 3.6.1.1)"""
    return _address(Reader(said), "context_memberships_url") if isinstance(said, dict) else ""


def _custom(claim: Reader) -> dict[str, str]:
    """Return custom parameters. A ``$Variable`` that the platform did not know is left out."""
    said = {name: value for name, value in claim.values.items() if isinstance(value, str)}
    return {
        name: value
        for name, value in said.items()
        if not value.lstrip().startswith("$") and not NOWHERE.search(name + value)
    }
