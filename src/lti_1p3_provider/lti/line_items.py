"""Line items: finding, making, reading and changing a platform's gradebook columns. (AGS 2.0, 3.2)"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lti_1p3_provider.errors import AnswerUnreadable, ServiceRefused
from lti_1p3_provider.lti import ags, paging
from lti_1p3_provider.lti.ags import Column
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.lti.strict_json import parse_object
from lti_1p3_provider.registrations.models import Deployment

CONTAINER_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
PAGE = "100"  # line items that we ask for at once
LONGEST_URL = 8192
LONGEST_LABEL, LONGEST_TAG, LONGEST_RESOURCE_ID = 255, 255, 512  # Moodle's; a longer one leaves half a column there
OPTIONAL = frozenset(("resourceId", "resourceLinkId", "tag", "startDateTime", "endDateTime"))  # null is read, not taken
LONGEST_FILTER = 1000  # a longer id is left to us to compare: addresses have limits


@dataclass(frozen=True, slots=True)
class LineItem:
    """A column as the platform shows it. ``maximum`` is None if it shows none; ``members`` is all that it said."""

    url: str
    label: str = ""
    maximum: float | None = None
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    members: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """A column that we would like to have. Label, tag and resource id are cut to what platforms take."""

    label: str
    maximum: float
    resource_id: str
    tag: str
    resource_link_id: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the message body."""
        link = {"resourceLinkId": self.resource_link_id} if self.resource_link_id else {}
        return {
            "label": self.label[:LONGEST_LABEL],
            "scoreMaximum": ags.plain(self.maximum),
            "resourceId": self.resource_id[:LONGEST_RESOURCE_ID],
            "tag": self.tag[:LONGEST_TAG],
            **link,
        }


def search(
    deployment: Deployment,
    container: Column,
    *,
    resource_link_id: str = "",
    resource_id: str = "",
    tag: str = "",
    enough: Callable[[LineItem], bool] = lambda item: False,
) -> Exchange[list[LineItem]]:
    """List the line items of a container, by filters that platforms may ignore: compare what comes. (3.2.4)

    The list ends at the first page with a line item that is ``enough``.

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    wanted = {"resource_link_id": resource_link_id, "resource_id": resource_id, "tag": tag}
    filters = {name: value for name, value in wanted.items() if len(value) <= LONGEST_FILTER}
    url = ags.with_query(container.url, {**filters, "limit": PAGE})

    def has_enough(page: Sequence[paging.Entry]) -> bool:
        return any(enough(_read(entry)) for entry in page)

    found = yield from paging.entries(deployment, container.scopes, url, CONTAINER_TYPE, has_enough)
    return [_read(entry) for entry in found]


def create(deployment: Deployment, container: Column, wish: Wish) -> Exchange[LineItem]:
    """Make a line item. Look for it first: platforms do not notice that it is there already. (3.2.5)

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    answer = yield from _call(deployment, container.scopes, "POST", container.url, wish.as_json(), "making a column")
    return _read({"id": answer.headers.get("location"), **_object(answer)})


def read(deployment: Deployment, column: Column) -> Exchange[LineItem]:
    """Read one line item. (3.2.6)

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    answer = yield from _call(deployment, column.scopes, "GET", column.url, None, "reading a column")
    return _read({"id": column.url, **_object(answer)})


def change(deployment: Deployment, column: Column, changes: Mapping[str, object]) -> Exchange[LineItem]:
    """Change members of a line item and leave all others as they are, those that we do not know too. (3.2.7)

    A PUT replaces the whole line item, so it is read first.

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    before = yield from read(deployment, column)
    kept = {name: value for name, value in before.members.items() if value is not None or name not in OPTIONAL}
    wanted = {**kept, **changes}
    answer = yield from _call(deployment, column.scopes, "PUT", column.url, wanted, "changing a column")
    return _read({**wanted, "id": column.url, **_object(answer)})


def _call(
    deployment: Deployment, scopes: Iterable[str], method: str, url: str, body: object, what: str
) -> Exchange[Answer]:
    headers = {"Accept": ITEM_TYPE} if body is None else {"Accept": ITEM_TYPE, "Content-Type": ITEM_TYPE}
    request = Request(method, url, headers, body=None if body is None else json.dumps(body).encode())
    answer = yield from ags.call(deployment, scopes, request)
    if not answer.ok:
        raise ServiceRefused(what, answer.status, answer.headers)
    return answer


def _object(answer: Answer) -> paging.Entry:
    if not answer.body.strip():
        return {}
    try:
        return parse_object(answer.body)
    except ValueError as error:
        raise AnswerUnreadable(f"a line item: {error}") from error


def _read(said: paging.Entry) -> LineItem:
    url = said.get("id")
    if not isinstance(url, str) or not 0 < len(url) <= LONGEST_URL:
        raise AnswerUnreadable("a line item without a usable id")
    return LineItem(
        url=url,
        label=_text(said, "label"),
        maximum=_maximum(said.get("scoreMaximum")),
        resource_id=_text(said, "resourceId"),
        tag=_text(said, "tag"),
        resource_link_id=_text(said, "resourceLinkId") or _text(said, "ltiLinkId"),
        members=said,
    )


def _text(said: paging.Entry, name: str) -> str:
    """Some platforms write ids as numbers, and null for nothing."""
    value = said.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise AnswerUnreadable(f"a line item's {name} is no text")
    return str(value)


def _maximum(value: object) -> float | None:
    """Return a usable maximum; it is for us to keep in step, so one that is none does no harm."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e300:
        return None
    return float(value)
