"""Gives each graded subsection of a whole course a column of its own, if the registration wants that.

Each is a part of the course's resource link, with a line item that is found or made when its first score is due. Such
a column is not bound to the link, because launches of a link with several columns name none. (AGS 2.0, 3.1)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils import timezone
from opaque_keys.edx.keys import CourseKey

from lti_1p3_provider.database.storable import reduce
from lti_1p3_provider.host.port import Block
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.lti import ags
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import lanes
from lti_1p3_provider.scores.outbox.wake import expect_later, nudge
from lti_1p3_provider.users.models import PlatformUser

MAX_COLUMNS = 200  # columns of one course


def remember(launch: ResourceLinkLaunch, link: ResourceLink, platform_user: PlatformUser) -> None:
    """Start or stop expecting scores of the launch's person in each graded subsection."""
    mine = PendingScore.objects.filter(platform_user=platform_user, line_item__resource_link__part_of=link)
    if not (launch.registration.subsection_columns and launch.message.subject and launch.message.roles.gets_scores):
        mine.delete()
        return
    claim = launch.message.grade_service
    if claim is None or not claim.line_items or not {ags.SCORE_SCOPE, ags.LINE_ITEM_SCOPE} <= claim.scopes:
        return  # no column can be made; those that are there stay
    claimed = {"container_url": claim.line_items, "scopes": sorted(claim.scopes)}
    if not expect(link, platform_user, claimed, link.course_key):
        expect_later(link.pk, platform_user.pk, claimed, link.course_key)


def expect(
    link: ResourceLink, platform_user: PlatformUser, claimed: Mapping[str, object], course_key: str = ""
) -> bool:
    """Expect somebody's scores in the columns of the course's graded subsections; return whether these are known.

    ``claimed``: what the launch says about columns. ``course_key``: the course that it opened; without it, the link's.
    """
    course_key = course_key or link.course_key
    blocks = outline.graded_subsections(CourseKey.from_string(course_key))
    if blocks is None:
        return False
    mine = PendingScore.objects.filter(platform_user=platform_user, line_item__resource_link__part_of=link)
    items = _items(link, course_key, blocks[:MAX_COLUMNS], claimed)
    expected = set(mine.values_list("line_item_id", flat=True))
    if gone := expected - {item.pk for item in items}:
        mine.filter(line_item__in=gone).delete()
    new = [item for item in items if item.pk not in expected]
    if new:
        values = {"registration_id": platform_user.registration_id, "lane": lanes.of_link(link)}
        values |= {"revision": 1, "due_at": timezone.now()}
        for item in new:
            block = {"course_key": item.course_key, "usage_key": item.usage_key}
            defaults = {**values, **block}
            PendingScore.objects.get_or_create(line_item=item, platform_user=platform_user, defaults=defaults)
        nudge(0)
    return True


def _items(
    link: ResourceLink, course_key: str, blocks: Iterable[Block], claimed: Mapping[str, object]
) -> list[LineItem]:
    """Return the blocks' line items, with what the newest launch claimed."""
    known = {part.usage_key: part for part in link.parts.select_related("line_item")}
    found = []
    for block in blocks:
        part = known.get(str(block.usage_key)) or _part(link, course_key, block)
        placed = {"course_key": part.course_key, "usage_key": part.usage_key}
        item = getattr(part, "line_item", None)
        if item is None:
            item, _ = LineItem.objects.get_or_create(resource_link=part, defaults={**placed, **claimed})
        changed = [name for name, value in claimed.items() if getattr(item, name) != value]
        if changed:
            for name in changed:
                setattr(item, name, claimed[name])
            item.save(update_fields=changed)
        found.append(item)
    return found


def _part(link: ResourceLink, course_key: str, block: Block) -> ResourceLink:
    """Make the part of a link that is for a block."""
    name = digest(f"{link.link_digest} {block.usage_key}")
    values = {
        "part_of": link,
        "context_id": link.context_id,
        "title": reduce(block.title)[:255],
        "course_key": course_key,
        "usage_key": str(block.usage_key),
    }
    identity = {"deployment_id": link.deployment_id, "link_digest": name}
    return ResourceLink.objects.get_or_create(**identity, defaults=values)[0]
