"""Prefers a platform's own column to one that we made, and deletes ours if no score was ever in it.

A teacher who wants no grades, or who switches them on later, must not end up with a column of ours that counts.
"""

from __future__ import annotations

import logging

from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import ColumnMissing, LtiError
from lti_1p3_provider.lti import ags, line_items
from lti_1p3_provider.lti.ags import LineItemAddress
from lti_1p3_provider.lti.exchange import Exchange
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.models import LineItem
from lti_1p3_provider.scores.outbox import moving
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.web.addresses import is_same, is_within

log = logging.getLogger(__name__)


def prefer_their_own(item: LineItem, tag: str) -> Exchange[None]:
    """Switch a line item from a column that we made to the platform's own column, if there is one; ``tag`` marks ours.

    Raises:
        ColumnMissing: there is none, and the platform wants none.
        LtiError: the platform could not be asked.
    """
    theirs = yield from _own(item, tag)
    if theirs is None and not item.declined:
        _write(item, look_again=False)
        return
    was_seen = item.pending_scores.filter(deliveries__gt=0).exists()
    if not was_seen:
        yield from _delete(item)
    if theirs is not None:
        amiss = Why(Reason.TWO_COLUMNS).stored if was_seen else reasons.FORGOTTEN
        new = {"url": theirs.url, "maximum": theirs.maximum, "created_here": False}
        _write(item, **new, **amiss, look_again=False, moved_up_to=moving.FROM_THE_FIRST)
        return
    if was_seen:
        _write(item, **Why(Reason.NOT_WANTED).stored)
    else:
        _write(item, url="", maximum=None, created_here=False, look_again=False)
    raise ColumnMissing(Reason.DECLINED)


def _own(item: LineItem, tag: str) -> Exchange[line_items.PlatformLineItem | None]:
    """Return the link's one column that is not ours. If there are several, return none: their maker uses them."""
    link, deployment = item.resource_link.link_id, item.deployment
    if not link or not item.container_url or not item.can_be_looked_for:
        return None
    found = yield from line_items.search(deployment, item.container, resource_link_id=link)
    origins = deployment.registration.origins
    usable = [one for one in found if one.resource_link_id == link and is_within(one.url, origins) and keeps(one.url)]
    theirs = [one for one in usable if not is_same(one.url, item.url) and one.tag != tag]
    return theirs[0] if len(theirs) == 1 else None


def _delete(item: LineItem) -> Exchange[None]:
    """Delete our column. If the platform does not let us, a teacher can do it."""
    if ags.LINE_ITEM_SCOPE not in item.scopes:
        return
    try:
        yield from line_items.delete(item.deployment, LineItemAddress(item.url, frozenset(item.scopes)))
    except LtiError as error:
        log.warning("LTI scores: the column of line item %s could not be taken back: %s", item.pk, error.code)


def _write(item: LineItem, **values: object) -> None:
    """Write values down, unless a launch named another column meanwhile."""
    LineItem.objects.filter(pk=item.pk, url=item.url).update(**values)
    item.refresh_from_db(fields=["url", "maximum", "created_here", "declined", "look_again", *reasons.FORGOTTEN])
