"""Makes content items from what was chosen. (Deep Linking 2.0, 3.2 and 3.5)

The path of an item's address says what it opens, and so does a custom parameter: some platforms drop queries, some drop
parameters, and some launch another address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from django.urls import reverse
from django.utils.translation import gettext as _
from opaque_keys.edx.keys import UsageKey

from lti_1p3_provider.deep_linking.accepted import Accepted
from lti_1p3_provider.deep_linking.entries import Entry
from lti_1p3_provider.host import static_files
from lti_1p3_provider.lti.content_items import MAX_URL, ContentItem, OfferedLineItem
from lti_1p3_provider.lti.deep_linking import DeepLinkingMessage
from lti_1p3_provider.lti.resource_link import HISTORY, TARGET
from lti_1p3_provider.outline.type_names import type_name
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.scores.gradebook.ensure import TAG, maximum_for

CONTENT, COURSE, LAUNCH = (f"lti_1p3_provider:{name}" for name in ("content", "course", "launch"))
ICON = "activity.png"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where items go. ``platform`` names its preset; ``base_url`` is our own, as the platform knows it."""

    platform: str
    accepted: Accepted
    message: DeepLinkingMessage
    base_url: str


def items(entries: Iterable[Entry], destination: Destination) -> list[ContentItem]:
    """Return an item for each entry, in this order."""
    return [_item(entry, destination) for entry in entries]


def _item(entry: Entry, destination: Destination) -> ContentItem:
    settings, custom = destination.message.settings, {TARGET: entry.usage_key}
    if preset(destination.platform).variables:
        custom |= HISTORY
    title = entry.title.strip() or settings.title or _name(entry.usage_key)
    text = _("%(kind)s in %(course)s") % {"kind": type_name(entry.block_type), "course": entry.course_title}
    return ContentItem(
        url=_url(entry, destination.base_url),
        title=title,
        text=text if entry.course_title else settings.text,
        type=destination.accepted.type,
        custom=custom,
        column=_column(entry, title, destination),
        opens=None if entry.start and entry.due and entry.start >= entry.due else entry.start,
        due=entry.due,
        presentation=destination.accepted.presentation(entry.block_type),
        icon=_icon(destination.base_url),
    )


def _column(entry: Entry, title: str, destination: Destination) -> OfferedLineItem | None:
    """Return the column in the form in which it is searched for later (``scores.gradebook.ensure``)."""
    if destination.accepted.no_column or not entry.points or entry.points <= 0:
        return None
    label = title[: preset(destination.platform).longest_label]
    return OfferedLineItem(maximum_for(destination.platform, entry.points), label, entry.usage_key, TAG)


def launch_url(course_key: str, usage_key: str, block_type: str, base_url: str) -> str:
    """Return the address that launches a block, of any length."""
    names = (COURSE, [course_key]) if block_type == "course" else (CONTENT, [course_key, usage_key])
    return f"{base_url}{reverse(names[0], args=names[1])}"


def _url(entry: Entry, base_url: str) -> str:
    """Return the address that opens the block. If it is too long for platforms, the parameter alone says what opens."""
    url = launch_url(entry.course_key, entry.usage_key, entry.block_type, base_url)
    return url if len(url) <= MAX_URL else f"{base_url}{reverse(LAUNCH)}"


def _icon(base_url: str) -> str:
    address = static_files.address(ICON)
    url = urljoin(f"{base_url}/", address) if address else ""
    return url if len(url) <= MAX_URL else ""


def _name(usage_key: str) -> str:
    return str(UsageKey.from_string(usage_key).block_id)
