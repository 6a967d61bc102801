"""Remembers the line item of a launch, and that its person's scores go there. (AGS 2.0, 3.1)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from lti_1p3_provider.lti.claims import Launch
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores import lanes, outbox
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.nudge import nudge
from lti_1p3_provider.users.models import PlatformUser


def remember(launch: Launch, link: ResourceLink, platform_user: PlatformUser, known: PendingScore | None) -> None:
    """Keep line item and scopes as the newest launch says them; without the AGS claim there is no grading.

    ``known`` is what ``returning`` found.
    """
    claim = launch.message.grade_service
    if claim is None or not (claim.line_item or claim.line_items):
        return
    values = {
        "url": claim.line_item,
        "container_url": claim.line_items,
        "scopes": sorted(claim.scopes),
        "course_key": link.course_key,
        "usage_key": link.usage_key,
    }
    item: LineItem | None = getattr(link, "line_item", None)
    if item is None:
        item, _ = LineItem.objects.get_or_create(resource_link=link, defaults=values)
    _update(item, values)
    if launch.message.subject and launch.message.roles.gets_scores:
        if known is None:
            _expect_scores(item, platform_user)
    else:
        PendingScore.objects.filter(line_item=item, platform_user=platform_user).delete()


def _expect_scores(item: LineItem, platform_user: PlatformUser) -> None:
    """From now on this person's grades belong to this column; what was earned before, through another link, too."""
    if PendingScore.objects.filter(line_item=item, platform_user=platform_user).exists():
        return
    values: dict[str, Any] = {
        "registration_id": platform_user.registration_id,
        "lane": lanes.of_link(item.resource_link),
    }
    values |= {"revision": 1, "due_at": timezone.now()}
    _, created = PendingScore.objects.get_or_create(line_item=item, platform_user=platform_user, defaults=values)
    if created:
        nudge(0)


def _update(item: LineItem, values: Mapping[str, object]) -> None:
    """Write what changed. A launch that leaves out the column (Moodle does so at times) does not forget it.

    Another column, or another block, has none of the scores that were sent before.
    """
    changed = _changed(item, values)
    if "url" in changed:  # of the launches that name a new column at once, one sends all scores there
        item = LineItem.objects.select_for_update().get(pk=item.pk)
        changed = _changed(item, values)
    if not changed:
        return
    if "url" in changed:
        changed |= {"created_here": False, "maximum": None, "trouble": ""}
    for name, value in changed.items():
        setattr(item, name, value)
    item.save(update_fields=list(changed))
    if "url" in changed:
        outbox.send_to_new_column(item.pending_scores.all())
    elif set(changed) & {"usage_key", "scopes"} or not item.url:
        outbox.send_anew(item.pending_scores.all())
    else:
        return
    nudge(0)


def _changed(item: LineItem, values: Mapping[str, object]) -> dict[str, Any]:
    kept = [name for name in ("url", "container_url") if not values[name]]
    return {name: value for name, value in values.items() if name not in kept and getattr(item, name) != value}
