"""Looks for columns of links that had none when people opened them: a teacher may have them graded by now.

The platform's own list says so, where a launch of another link of the same course named it. Whoever opened such a link
waits for its column since then (``remember``), and their scores become due, some at a time (``outbox.moving``).
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from django.db.models import Exists, OuterRef, QuerySet

from lti_1p3_provider.database.conflicts import traced
from lti_1p3_provider.database.storable import keeps
from lti_1p3_provider.errors import LtiError, ServiceRefused
from lti_1p3_provider.lti import line_items, transport
from lti_1p3_provider.lti.line_items import PlatformLineItem
from lti_1p3_provider.resource_links.models import Context
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.gradebook.ensure import TAG
from lti_1p3_provider.scores.gradebook.reconcile import SILENT
from lti_1p3_provider.scores.models import LineItem
from lti_1p3_provider.scores.outbox import moving
from lti_1p3_provider.scores.outbox.wake import nudge
from lti_1p3_provider.scores.querysets import PendingScoreQuerySet
from lti_1p3_provider.web.addresses import is_within

MAX_CONTEXTS = 1000  # platforms' courses whose lists are read at a time
MAX_LINKS = 1000  # of one of them
PATIENCE = 600.0  # seconds for all of them
REFUSALS = frozenset((401, 403, 429))  # and 5xx: what a platform answers in other courses, too
MAX_LISTS = 20  # links of a course among which one with a usable list is looked for

log = logging.getLogger(__name__)


def look_for(
    rows: PendingScoreQuerySet, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic
) -> int:
    """Look for the columns that some rows wait for, as ``look`` does; return for how many links there is one now.

    If one course fails, the others are still asked about. A platform that refuses ``SILENT`` times, or does not answer,
    is left for another time, and so is everything after ``patience`` seconds.
    """
    places = rows.awaiting_column().order_by().values("line_item__resource_link__context")
    lists = LineItem.objects.filter(resource_link__context=OuterRef("pk")).exclude(container_url="")
    contexts = Context.objects.filter(Exists(lists), pk__in=places).select_related("deployment__registration")
    found, refusals, ends = 0, Counter[int](), clock() + patience
    for context in contexts.order_by("?")[:MAX_CONTEXTS]:  # each gets its turn
        platform = context.deployment.registration_id
        if clock() > ends:
            log.warning("LTI scores: there was no time to look for columns in all contexts")
            break
        if refusals[platform] >= SILENT:
            continue
        try:
            found += look(context)
        except Exception as error:
            why = error.code if isinstance(error, LtiError) else traced(error)
            log.warning("LTI scores: no columns were looked for in context %s: %s", context.pk, why)
            refusals[platform] += _is_of_platform(error)
    return found


def _is_of_platform(error: Exception) -> bool:
    """Tell whether it would probably be the same in the platform's other courses."""
    if isinstance(error, ServiceRefused):
        return error.answered in REFUSALS or error.answered >= 500
    return isinstance(error, LtiError)


def look(context: Context) -> int:
    """Look for columns of a platform's course's links that have none; return for how many there is one now. It asks the
    platform, so never in a transaction. A link of which the newest launch says that it has none is not looked for.

    Raises:
        AddressForbidden, ServiceRefused, AnswerUnreadable, AccessTokenRefused, PlatformUnreachable, NoActiveKey,
            KeyInvalid: nothing has changed.
    """
    waiting = list(_awaited(context).select_related("resource_link").order_by("pk")[:MAX_LINKS])
    with_list = _with_list(context) if waiting and context.deployment.is_open else None
    if with_list is None:
        return 0
    only = waiting[0].resource_link.link_id if len(waiting) == 1 else ""
    listed = transport.run(line_items.search(context.deployment, with_list.container, resource_link_id=only))
    origins = context.deployment.registration.origins
    usable = [one for one in listed if is_within(one.url, origins) and keeps(one.url)]
    number = sum(_is_taken(item, usable, with_list) for item in waiting)
    if number:
        nudge(0)
    return number


def _awaited(context: Context) -> QuerySet[LineItem]:
    links = LineItem.objects.filter(resource_link__context=context, resource_link__part_of=None)
    return links.awaited().filter(declined=False).exclude(resource_link__link_id="")


def _with_list(context: Context) -> LineItem | None:
    """Return a line item whose launch named the course's list, and let us read it and send scores; of the newest."""
    others = LineItem.objects.filter(resource_link__context=context).exclude(container_url="").order_by("-pk")
    return next((one for one in others[:MAX_LISTS] if one.can_be_looked_for and one.can_receive), None)


def _is_taken(item: LineItem, usable: list[PlatformLineItem], with_list: LineItem) -> bool:
    """Take the one column that the platform has for a link; several are for their maker to use. A launch that says
    something of the link meanwhile knows better."""
    bound = [one for one in usable if one.resource_link_id == item.resource_link.link_id]
    if len(bound) != 1:
        return False
    (one,) = bound
    is_ours = (one.resource_id, one.tag) == (item.usage_key, TAG)
    column = {"url": one.url, "maximum": one.maximum, "created_here": is_ours}
    place = {"container_url": with_list.container_url, "scopes": with_list.scopes}
    still = LineItem.objects.awaited().filter(pk=item.pk, declined=False)
    return bool(still.update(**column, **place, **reasons.FORGOTTEN, moved_up_to=moving.FROM_THE_FIRST))
