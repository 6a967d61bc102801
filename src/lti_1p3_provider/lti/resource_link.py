"""The message that opens the content of a link in a course. (LTI 1.3 Core, 5)"""

from __future__ import annotations

from dataclasses import dataclass

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.lti.claims import LTI, Launch, Message, shared
from lti_1p3_provider.lti.reader import Reader

MESSAGE_TYPE = "LtiResourceLinkRequest"
TARGET = "openedx_target"  # a custom parameter of ours: what a link opens, where one tool serves many activities

HISTORY = {"resource_link_history": "$ResourceLink.id.history", "context_history": "$Context.id.history"}
"""Custom parameters whose variables name what a course, and a link, are copies of. (LTI 1.3 Core, D.2)"""


@dataclass(frozen=True, slots=True)
class ResourceLinkClaim:
    """Our content, placed in their course. (5.3.5)"""

    id: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLinkMessage(Message):
    """Somebody opens a link."""

    resource_link: ResourceLinkClaim


ResourceLinkLaunch = Launch[ResourceLinkMessage]


def read(reader: Reader) -> ResourceLinkMessage:
    """Read the claims of a resource link's launch. It must have some claims that other messages may lack.

    Raises:
        ClaimMissing, ClaimInvalid, TextNotKept: as ``claims.shared`` does.
    """
    reader.require_text(f"{LTI}target_link_uri")
    reader.require_texts(f"{LTI}roles")
    link = reader.require_object(f"{LTI}resource_link")
    claim = ResourceLinkClaim(link.require_name("id", limit=2048), reduce(link.label("title")))
    return ResourceLinkMessage(**shared(reader), resource_link=claim)
