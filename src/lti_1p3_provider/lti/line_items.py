"""Line items: finding, making, reading and changing a platform's gradebook columns. (AGS 2.0, 3.2)"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lti_1p3_provider.database.storable import INSTEAD, NOWHERE
from lti_1p3_provider.errors import AnswerUnreadable, LtiError, ServiceRefused
from lti_1p3_provider.lti import ags, numbers, service
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.exchange import Answer, Exchange, Request
from lti_1p3_provider.lti.strict_json import parse_object
from lti_1p3_provider.registrations.models import Deployment
from lti_1p3_provider.web.addresses import plain, resolved

CONTAINER_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
PAGE = "100"  # line items that we ask for at once
MAX_URL = 8192
MAX_LABEL, MAX_TAG, MAX_RESOURCE_ID = 255, 255, 512  # Moodle's; a longer one leaves half a column there
OPTIONAL = frozenset(("resourceId", "resourceLinkId", "tag", "startDateTime", "endDateTime"))  # null is read, not taken
NONE_YET = 404  # what some platforms answer about a course without columns, also where nothing is looked for
NOTHING = frozenset(("", "null"))  # what others answer
MAX_FILTER = 1000  # a longer id is left to us to compare: addresses have limits


@dataclass(frozen=True, slots=True)
class PlatformLineItem:
    """A column as the platform shows it. ``maximum`` is None if it shows none. ``members``: everything that it said."""

    url: str
    label: str = ""
    maximum: float | None = None
    resource_id: str = ""
    tag: str = ""
    resource_link_id: str = ""
    members: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class NewLineItem:
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
            "label": self.label[:MAX_LABEL],
            "scoreMaximum": ags.plain(self.maximum),
            "resourceId": self.resource_id[:MAX_RESOURCE_ID],
            "tag": self.tag[:MAX_TAG],
            **link,
        }


def search(
    deployment: Deployment,
    container: LineItemAddress,
    *,
    resource_link_id: str = "",
    resource_id: str = "",
    tag: str = "",
    enough: Callable[[PlatformLineItem], bool] = lambda item: False,
    none_yet: bool = False,
) -> Exchange[list[PlatformLineItem]]:
    """List the line items of a container. Platforms may ignore the filters, so check what comes back. (3.2.4)

    Items without a usable id are left out. Each id appears once, even if pages overlap. The list ends at the first page
    with a line item that is ``enough``. ``none_yet``: nobody knows of a column there, so a list that is not found, or
    has no content, is taken for one without columns. Otherwise it is a list that could not be read.

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    wanted = {"resource_link_id": resource_link_id, "resource_id": resource_id, "tag": tag, "limit": PAGE}
    query = {name: value for name, value in wanted.items() if len(value) <= MAX_FILTER}
    scopes, needed, pages = ags.ours(container.scopes), ags.reading(container.scopes), _Pages(none_yet)

    def has_enough(page: Sequence[service.Entry]) -> bool:
        return any(enough(item) for item in _readable(page, container.url))

    list_of = partial(service.entries, deployment, scopes, container.url, CONTAINER_TYPE, needed)
    try:
        return _readable((yield from list_of(enough=has_enough, query=query, read=pages.read)), container.url)
    except ServiceRefused as error:
        if not none_yet or error.answered != NONE_YET or pages.number:
            raise
        return []


class _Pages:
    """Counts pages as they are read. With ``none_yet``, the first may have no content."""

    def __init__(self, none_yet: bool) -> None:
        self._none_yet, self.number = none_yet, 0

    def read(self, answer: Answer) -> list[service.Entry]:
        self.number += 1
        is_nothing = self._none_yet and self.number == 1 and answer.text().strip() in NOTHING
        return [] if is_nothing else service.listed(answer)


def create(deployment: Deployment, container: LineItemAddress, wish: NewLineItem) -> Exchange[PlatformLineItem]:
    """Make a line item. Look for it first: platforms do not notice duplicates. (3.2.5)

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    answer = yield from _call(deployment, container.scopes, "POST", container.url, wish.as_json(), "making a column")
    return _read(_said_of_change(answer), container.url, answer.header("location"))


def read(deployment: Deployment, column: LineItemAddress) -> Exchange[PlatformLineItem]:
    """Read one line item. (3.2.6)

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    answer = yield from _call(deployment, column.scopes, "GET", column.url, None, "reading a column")
    return _read(_object(answer), column.url, column.url)


def change(
    deployment: Deployment, column: LineItemAddress, changes: Mapping[str, object]
) -> Exchange[PlatformLineItem]:
    """Change members of a line item and leave all others as they are, even unknown ones. (3.2.7)

    A PUT replaces the whole line item, so it is read first.

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
        KeyInvalid
    """
    before = yield from read(deployment, column)
    if not before.members:
        raise AnswerUnreadable("a column of which nothing is shown, so it cannot be written back")
    kept = {name: value for name, value in before.members.items() if value is not None or name not in OPTIONAL}
    wanted = {**kept, **changes}
    answer = yield from _call(deployment, column.scopes, "PUT", column.url, wanted, "changing a column")
    return _read({**wanted, "id": None, **_said_of_change(answer)}, column.url, column.url)


def delete(deployment: Deployment, column: LineItemAddress) -> Exchange[Answer]:
    """Delete a line item. The answer may have any status. (3.2.8)

    Raises:
        AddressForbidden, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey, KeyInvalid
    """
    request = Request("DELETE", column.url)
    return (yield from service.call(deployment, ags.ours(column.scopes), request, ags.LINE_ITEM_SCOPE))


def _call(
    deployment: Deployment, scopes: frozenset[str], method: str, url: str, body: object, what: str
) -> Exchange[Answer]:
    """Read or change something. If the status says that a change was made, it counts as made, whatever follows."""
    if body is None:
        request, needed = Request(method, url, {"Accept": ITEM_TYPE}), ags.reading(scopes)
    else:
        headers = {"Accept": ITEM_TYPE, "Content-Type": ITEM_TYPE}
        request = Request(method, url, headers, body=json.dumps(body).encode(), whole=False)
        needed = ags.LINE_ITEM_SCOPE
    answer: Answer = yield from service.call(deployment, ags.ours(scopes), request, needed)
    if not answer.ok:
        raise ServiceRefused(what, answer.status, answer.headers)
    return answer


def _object(answer: Answer) -> service.Entry:
    """Read a line item as it is: what it has may be written back."""
    said = answer.content().strip()
    if said in (b"", b"null"):
        return {}
    try:
        return parse_object(said, is_signed=False)
    except ValueError as error:
        raise AnswerUnreadable(f"a line item: {error}") from error


def _said_of_change(answer: Answer) -> service.Entry:
    """Return the line item in the answer to a change, None if it cannot be read. The change was made in any case."""
    try:
        return _object(answer)
    except LtiError:
        return {}


def _readable(entries: Iterable[service.Entry], base: str) -> list[PlatformLineItem]:
    """Return the columns of a list. Those without a usable id are left out, and each id appears once."""
    found: dict[str, PlatformLineItem] = {}
    for entry in entries:
        with suppress(AnswerUnreadable):
            item = _read(entry, base)
            found.setdefault(plain(item.url), item)
    return list(found.values())


def _read(said: service.Entry, base: str = "", otherwise: str = "") -> PlatformLineItem:
    """Read a line item; ``base`` is where it came from, ``otherwise`` its address if it has no usable one."""
    url = _address(said.get("id"), base) or _address(otherwise, base)
    if not url:
        raise AnswerUnreadable("a line item without a usable id")
    return PlatformLineItem(
        url=url,
        label=_text(said, "label"),
        maximum=_maximum(said.get("scoreMaximum")),
        resource_id=_text(said, "resourceId"),
        tag=_text(said, "tag"),
        resource_link_id=_text(said, "resourceLinkId") or _text(said, "ltiLinkId"),
        members=said,
    )


def _address(value: object, base: str) -> str:
    """Return an absolute address; empty if it is not an address, or cannot be stored."""
    if not isinstance(value, str) or NOWHERE.search(value) or INSTEAD in value or not value.strip():
        return ""
    url = resolved(base, value)
    return url if len(url) <= MAX_URL else ""


def _text(said: service.Entry, name: str) -> str:
    """Return a text. Some platforms write ids as numbers, and null for nothing. Other types count as empty."""
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)


def _maximum(value: object) -> float | None:
    """Return the maximum if it is usable. We keep it in step ourselves, so an unusable one does no harm."""
    found = numbers.points(value)
    return found if found is not None and found > 0 else None
