"""Makes sure that a score has a column: the link's own, otherwise one found in the course's list, otherwise a new one.

A column that is found must belong to this link; no other columns are touched. Only one worker at a time works in a
course (``lanes``), so no column is made twice. (AGS 2.0, 3.1 and 3.2)
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from django.utils import timezone
from opaque_keys import InvalidKeyError
from opaque_keys.edx.keys import CourseKey, UsageKey

from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.storable import keeps, require
from lti_1p3_provider.errors import AddressForbidden, AnswerUnreadable, ColumnMissing, LtiError, ServiceRefused
from lti_1p3_provider.host.port import Grade
from lti_1p3_provider.lti import ags, line_items, service, store
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.platforms import preset
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.gradebook import taking_back
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import outcomes, retry
from lti_1p3_provider.scores.reasons import Reason
from lti_1p3_provider.web.addresses import is_same, is_within

TAG = "open-edx-grade"  # with the block's usage key as resource id it marks columns that we made
GONE = frozenset((404, 410))
LINK_REFUSED = frozenset((400, 404, 412, 422))
LEARNED = ("url", "container_url", "scopes", "maximum", "created_here", "declined", "look_again", *reasons.FORGOTTEN)
BETWEEN_CHANGES = 3600.0  # seconds: learners of one block may have different points, and must not take turns


def line_item(row: PendingScore, grade: Grade) -> Exchange[LineItemAddress]:
    """Return the column for a claimed row; find or make it where the launch named none. (AGS-03)

    Raises:
        ColumnMissing: there is none, and we may not make one.
        ServiceRefused: the platform does not let us look for one or make one.
        LtiError: the platform could not be asked.
    """
    item = row.line_item
    if not item.url:
        item.refresh_from_db(fields=LEARNED)  # another learner's score may have found it a moment ago
    if item.created_here and (item.declined or item.look_again):
        yield from taking_back.prefer_their_own(item, TAG)
    if item.url:
        yield from _keep_in_step(item, grade)
    else:
        yield from _find_or_make(row, grade)
    return item.column


def instead_of(column: LineItemAddress, row: PendingScore, grade: Grade) -> Exchange[LineItemAddress | None]:
    """Return another column for one that the platform said is gone; None if it still exists, or is not ours.

    Only a column that we made, and that took scores before, is made once more: a teacher must have deleted it.

    Raises:
        LtiError: as ``ensure``.
    """
    item = row.line_item
    item.refresh_from_db(fields=LEARNED)
    if item.url != column.url:
        return item.column
    mine = item.created_here and item.container_url and item.can_be_looked_for
    if not mine or not item.pending_scores.filter(deliveries__gt=0).exists():
        return None
    try:
        yield from line_items.read(item.deployment, column)
    except ServiceRefused as error:
        if error.answered not in GONE:
            raise
        yield from _find_or_make(row, grade)
        row.deliveries = 0
        return item.column
    return None


def maximum_for(platform: str, possible: float) -> float:
    """Return the maximum, above 0, that a column on this platform should have for content of ``possible`` points."""
    return float(max(1, math.ceil(possible))) if preset(platform).whole_maximum else possible


def _find_or_make(row: PendingScore, grade: Grade) -> Exchange[None]:
    """Answer the question once for all rows of a claim, because a course has many learners."""
    item, memo = row.line_item, f"lti1p3:no-column:{row.lease}:{row.line_item_id}"
    if known := store.get(memo):
        raise ServiceRefused(*known) if known[1] else ColumnMissing(known[0])
    try:
        found = yield from _found(item)
        ours = found is None or _is_ours(found, item)
        if found is None:
            found = yield from _made(item, grade)
    except (ColumnMissing, ServiceRefused) as error:
        if retry.of_error(error, 0, timezone.now()).retry_at is None:
            _note(item, error)
            known = (error.asked, error.answered) if isinstance(error, ServiceRefused) else (error.reason, 0)
            store.put(memo, known, conf.lease)
        raise
    _remember(row, found, ours)


def _found(item: LineItem) -> Exchange[line_items.PlatformLineItem | None]:
    """Look for the link's column, then for one that we made for its block."""
    if not item.can_be_looked_for:
        raise ColumnMissing(Reason.NO_LIST)
    link = item.resource_link.link_id
    searches: list[dict[str, Any]] = [{"resource_link_id": link}, {"resource_id": item.usage_key, "tag": TAG}]
    for filters in searches if link else searches[1:]:
        found = yield from line_items.search(item.deployment, item.container, **filters, none_yet=not item.url)
        ours = [one for one in found if _is_ours(one, item)]
        others = [one for one in found if one not in ours and not is_same(one.url, item.url)]
        bound = [one for one in others if link and one.resource_link_id == link]
        if len(bound) == 1:  # several that we did not make are for their maker to use
            return bound[0]
        if ours and not item.declined:
            return ours[0]
    return None


def _is_ours(one: line_items.PlatformLineItem, item: LineItem) -> bool:
    """Whether we made it for this link. Some platforms do not say which link a column is for."""
    if (one.resource_id, one.tag) != (item.usage_key, TAG) or is_same(one.url, item.url):
        return False
    if one.resource_link_id:
        return one.resource_link_id == item.resource_link.link_id
    others = LineItem.objects.filter(resource_link__deployment=item.deployment).exclude(pk=item.pk)
    return not keeps(one.url) or not others.filter(url=one.url).exists()


def _made(item: LineItem, grade: Grade) -> Exchange[line_items.PlatformLineItem]:
    """Make a column. Some platforms do not take the link's id with it."""
    if item.declined:
        raise ColumnMissing(Reason.DECLINED)
    if ags.LINE_ITEM_SCOPE not in item.scopes:
        raise ColumnMissing(Reason.MAY_NOT_MAKE)
    deployment = item.deployment
    label = _label(item)[: preset(deployment.registration.platform).longest_label]
    maximum = maximum_for(deployment.registration.platform, grade.possible)
    wish = line_items.NewLineItem(label, maximum, item.usage_key, TAG, item.resource_link.link_id)
    try:
        made = yield from line_items.create(deployment, item.container, wish)
    except ServiceRefused as error:
        if error.answered not in LINK_REFUSED:
            raise
        made = yield from line_items.create(deployment, item.container, replace(wish, resource_link_id=""))
    return replace(made, maximum=wish.maximum)


def _remember(row: PendingScore, found: line_items.PlatformLineItem, ours: bool) -> None:
    """Store the column, unless a launch named one meanwhile. Then all learners' scores are due in it."""
    item = row.line_item
    origins = item.deployment.registration.origins
    if not is_within(found.url, origins):
        raise AddressForbidden(service.foreign(found.url))
    require(found.url, "the column's address")
    values = {"url": found.url, "maximum": found.maximum, "created_here": ours, **reasons.FORGOTTEN}
    if LineItem.objects.filter(pk=item.pk, url=item.url).update(**values):
        others = item.pending_scores.exclude(pk=row.pk)
        outcomes.send_to_new_column(others if item.url else others.filter(due_at=None))
    item.refresh_from_db(fields=LEARNED)


def _keep_in_step(item: LineItem, grade: Grade) -> Exchange[None]:
    """Set the maximum of a column that we made to the content's points, but not often. A failure stops no score."""
    deployment = item.deployment
    wanted = maximum_for(deployment.registration.platform, grade.possible)
    may = item.created_here and ags.LINE_ITEM_SCOPE in item.scopes
    if not may or item.maximum == wanted or not store.add(f"lti1p3:maximum:{item.pk}", BETWEEN_CHANGES):
        return
    try:
        yield from line_items.change(deployment, item.column, {"scoreMaximum": ags.plain(wanted)})
    except (ServiceRefused, AnswerUnreadable) as error:
        _note(item, error)
        return
    LineItem.objects.filter(pk=item.pk, url=item.url).update(maximum=wanted, **reasons.FORGOTTEN)
    item.refresh_from_db(fields=LEARNED)


def _note(item: LineItem, error: LtiError) -> None:
    stored = reasons.of_error(error).stored
    for name, value in stored.items():
        setattr(item, name, value)
    LineItem.objects.filter(pk=item.pk).update(**stored)


def _label(item: LineItem) -> str:
    """Return the link's title, else the block's, else the block's name."""
    title = " ".join(item.resource_link.title.split())
    if title:
        return title
    try:
        usage_key = UsageKey.from_string(item.usage_key)
        block = outline.block(CourseKey.from_string(item.course_key), usage_key)
        return " ".join(block.title.split()) or str(usage_key.block_id)
    except (LtiError, InvalidKeyError):
        return item.usage_key.rpartition("@")[2] or item.usage_key
