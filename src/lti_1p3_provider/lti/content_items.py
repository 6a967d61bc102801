"""The answer to a request for content: signed content items. (Deep Linking 2.0, 4.5)

Platforms read members without a value differently, and some fail, so such members are left out.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lti_1p3_provider.lti.ags import plain
from lti_1p3_provider.lti.claims import LTI
from lti_1p3_provider.lti.deep_linking import CLAIM, RESOURCE_LINK
from lti_1p3_provider.lti.messages import VERSION
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import Deployment

MESSAGE_TYPE = "LtiDeepLinkingResponse"
LIFETIME = 300  # seconds; the browser posts it at once
MAX_TITLE, MAX_URL = 255, 500
SIZES: Mapping[str, Mapping[str, object]] = {
    "iframe": {"width": 1000, "height": 800},
    "window": {"targetName": "_blank", "width": 1100, "height": 900},
}
ICON_SIZE = {"width": 64, "height": 64}


@dataclass(frozen=True, slots=True)
class OfferedLineItem:
    """The gradebook column of an item: ``maximum`` points, and the values by which it is found later. (AGS 2.0,
    3.2.8)"""

    maximum: float
    label: str
    resource_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class ContentItem:
    """What is placed in the platform's course. Empty members are left out.

    ``presentation``: ``iframe`` or ``window``; ``opens`` and ``due`` are in UTC.
    """

    url: str
    title: str
    text: str = ""
    type: str = RESOURCE_LINK
    custom: Mapping[str, str] = field(default_factory=dict)
    column: OfferedLineItem | None = None
    opens: datetime | None = None
    due: datetime | None = None
    presentation: str = ""
    icon: str = ""

    def claim(self) -> dict[str, Any]:
        """Return the item as the answer has it."""
        said: dict[str, Any] = {
            "type": self.type,
            "title": one_line(self.title, MAX_TITLE),
            "text": one_line(self.text, MAX_TITLE),
            "url": self.url,
            "icon": {"url": self.icon, **ICON_SIZE} if self.icon else {},
        }
        if self.presentation:
            said[self.presentation] = dict(SIZES[self.presentation])
        if self.presentation == "iframe" and self.type != RESOURCE_LINK:
            said["iframe"] = {"src": self.url, **SIZES["iframe"]}  # what a plain link shows, and must have (3.1)
        if self.type == RESOURCE_LINK:
            said["custom"] = {name: value for name, value in self.custom.items() if value}
            said["lineItem"] = _line_item(self.column)
            said["available"] = {"startDateTime": _instant(self.opens)} if self.opens else {}
            said["submission"] = {"endDateTime": _instant(self.due)} if self.due else {}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the platform. ``data``: what it sent, None if nothing. ``message`` and ``error`` are for the
    person, ``log`` is for the platform's log."""

    items: Sequence[ContentItem] = ()
    data: str | None = None
    message: str = ""
    error: str = ""
    log: str = ""


def sign(deployment: Deployment, answer: Answer, lifetime: int = LIFETIME) -> str:
    """Return the answer as a JWT that is valid for ``lifetime`` seconds.

    Raises:
        NoActiveKey, KeyInvalid
    """
    registration, now = deployment.registration, int(time.time())
    said = {"msg": answer.message, "errormsg": answer.error, "errorlog": answer.log}
    claims: dict[str, Any] = {
        "iss": registration.client_id,
        "aud": registration.issuer,
        "iat": now,
        "exp": now + lifetime,
        "nonce": secrets.token_urlsafe(24),
        f"{LTI}deployment_id": deployment.deployment_id,
        f"{LTI}message_type": MESSAGE_TYPE,
        f"{LTI}version": VERSION,
        f"{CLAIM}content_items": [item.claim() for item in answer.items],
        **{f"{CLAIM}{name}": text for name, text in said.items() if text},
    }
    if preset(registration.platform).subject_in_answers:
        claims["sub"] = registration.client_id
    if answer.data is not None:
        claims[f"{CLAIM}data"] = answer.data
    return keys.sign(claims, deployment.registration_id)


def one_line(text: str, limit: int) -> str:
    """Return plain text on one line: some platforms give line breaks a meaning."""
    return " ".join(text.split())[:limit].rstrip()


def _line_item(column: OfferedLineItem | None) -> dict[str, Any]:
    if column is None or not math.isfinite(column.maximum) or column.maximum <= 0:
        return {}
    said = {"scoreMaximum": plain(column.maximum), "label": one_line(column.label, MAX_TITLE)}
    said |= {"resourceId": column.resource_id, "tag": column.tag}
    return {name: value for name, value in said.items() if value}


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
