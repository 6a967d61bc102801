"""Remembers the line item of a launch, and that its person's scores go there. (AGS 2.0, 3.1)

Where the link has no column, its people wait for one: ``awaited`` finds it, or a later launch names it.

The column belongs to the link. Which block's grade goes there, a launch decides for its own person only: others who
opened another block through this link keep that block until their own next launch.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from lti_1p3_provider.database.inserting import Inserts
from lti_1p3_provider.database.prepared import prepared
from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.lti import ags, store
from lti_1p3_provider.lti.resource_link import ResourceLinkLaunch
from lti_1p3_provider.resource_links.models import ResourceLink
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.models import LineItem, PendingScore
from lti_1p3_provider.scores.outbox import lanes, moving, outcomes
from lti_1p3_provider.scores.outbox.wake import nudge
from lti_1p3_provider.scores.reasons import Reason, Why
from lti_1p3_provider.users.models import PlatformUser

BLOCK = ("course_key", "usage_key")
BETWEEN_LOOKS = 3600.0  # seconds
USEFUL = frozenset((ags.SCORE_SCOPE, ags.LINE_ITEM_SCOPE, ags.LINE_ITEM_READ_SCOPE))


def remember(
    launch: ResourceLinkLaunch, link: ResourceLink, platform_user: PlatformUser, known: PendingScore | None
) -> None:
    """Store line item and scopes as the newest launch names them; without the AGS claim there is no grading.

    ``link`` names the block that this launch opens; ``known`` is what ``launches.prefetch`` found.
    """
    claim = launch.message.grade_service
    if claim is None or not (claim.line_item or claim.line_items):
        _remember_without_column(launch, link, platform_user, known)
        return
    values: dict[str, Any] = {"url": claim.line_item, "container_url": claim.line_items, "declined": claim.declined}
    values["scopes"] = sorted(claim.scopes)
    block = {name: getattr(link, name) for name in BLOCK}
    item: LineItem | None = getattr(link, "line_item", None)
    if item is None:
        item, _ = LineItem.objects.get_or_create(resource_link=link, defaults={**values, **block})
    if not claim.line_item and item.created_here and _is_time_to_look(item):
        values["look_again"] = True
    is_new_column = _update(item, values)
    if not _gets_scores(launch):
        PendingScore.objects.filter(line_item=item, platform_user=platform_user).delete()
        return
    if platform_user.is_new:
        _expected_of_new(item, platform_user, block)
        return
    theirs = [known] if known else _here_or_given_up(item.pk, platform_user.pk)
    row = next((one for one in theirs if one.line_item_id == item.pk), None)
    if row is None:
        row = _expected(item, platform_user, block)
    _follow(row, item, block, is_new_column)
    if any((one.given_up and one.lane_id == row.lane_id) or getattr(one, "has_given_up", False) for one in theirs):
        _try_again(row)


def _remember_without_column(
    launch: ResourceLinkLaunch, link: ResourceLink, platform_user: PlatformUser, known: PendingScore | None
) -> None:
    """Remember the person of a launch that names no column, until the link has one.

    If the link has one already, it stays as it is, for those who have a row there: whether this person is graded, too,
    only a launch of theirs can say.
    """
    if not _gets_scores(launch):
        if known is not None:
            PendingScore.objects.filter(pk=known.pk).awaiting_column().delete()
        return
    claim = launch.message.grade_service
    declined = claim is not None and claim.declined
    block = {name: getattr(link, name) for name in BLOCK}
    item: LineItem | None = getattr(link, "line_item", None)
    if item is None:
        item, _ = LineItem.objects.get_or_create(resource_link=link, defaults={**block, "declined": declined})
    if not item.is_awaited:
        return
    if claim is not None and item.declined != declined:
        LineItem.objects.awaited().filter(pk=item.pk).update(declined=declined)
    if known is None:
        _waits(item, platform_user, block, Reason.DECLINED if declined else Reason.NO_COLUMN)
    else:
        _follow(known, item, block, is_new_column=False)


def _gets_scores(launch: ResourceLinkLaunch) -> bool:
    return bool(launch.message.subject) and launch.message.roles.gets_scores


@prepared
def _here_or_given_up(item: int, platform_user: int) -> QuerySet[PendingScore]:
    """The person's existing rows that a launch must know: those here, and those that were given up."""
    wanted = Q(line_item_id=item) | Q(given_up=True)
    rows: QuerySet[PendingScore] = PendingScore.objects.filter(wanted, platform_user_id=platform_user)
    return rows


_insert = Inserts(PendingScore)


def _expected_of_new(item: LineItem, platform_user: PlatformUser, block: Mapping[str, str]) -> None:
    """Expect the person's grades in this column from now on. There are none yet, so no worker need look for some."""
    settled = {"delivered_revision": 1, "due_at": None, **Why(Reason.NO_GRADE).stored}
    row = PendingScore(**_values(item, platform_user, block), **settled)
    _insert(row)
    _follow(row, item, block, is_new_column=False)


def _waits(item: LineItem, platform_user: PlatformUser, block: Mapping[str, str], reason: Reason) -> None:
    """From now on this person's grades wait for a column. Nothing is due, so no worker has anything to do.

    Another launch may name the column in this very moment, before it can see the row. So one look follows once the row
    is there for all to see; not for somebody new, who has no grade that could be missed.
    """
    row = PendingScore(**_values(item, platform_user, block), delivered_revision=1, due_at=None, **Why(reason).stored)
    if platform_user.is_new:
        _insert(row)
    else:
        with suppress(IntegrityError), transaction.atomic():  # another launch of the same person was first
            _insert(row)
        transaction.on_commit(partial(_due_after_all, item.pk, platform_user.pk), robust=True)
    _follow(row, item, block, is_new_column=False)


def _due_after_all(item_pk: int, platform_user_pk: int) -> None:
    mine = PendingScore.objects.filter(line_item_id=item_pk, platform_user_id=platform_user_pk)
    missed = mine.filter(due_at=None, deliveries=0)
    if missed.with_column().exists() and outcomes.send_anew(missed):
        nudge(0)


def _values(item: LineItem, platform_user: PlatformUser, block: Mapping[str, str]) -> dict[str, Any]:
    whose = {"line_item": item, "platform_user": platform_user, "registration_id": platform_user.registration_id}
    return {**whose, "lane": lanes.of_link(item.resource_link), "revision": 1, **block}


def _expected(item: LineItem, platform_user: PlatformUser, block: Mapping[str, str]) -> PendingScore:
    """Expect the person's grades in this column from now on, including what they earned before through another link."""
    try:
        with transaction.atomic():
            row = PendingScore.objects.create(**_values(item, platform_user, block), due_at=timezone.now())
    except IntegrityError:  # another launch of the same person was first
        theirs: PendingScore | None = PendingScore.objects.filter(line_item=item, platform_user=platform_user).first()
        if theirs is None:
            raise
        return theirs
    nudge(0)
    return row


def _follow(row: PendingScore, item: LineItem, block: Mapping[str, str], is_new_column: bool) -> None:
    """Point the person's own row to the block that they open and to the current column."""
    is_other_block = any(getattr(row, name) != value for name, value in block.items())
    if is_other_block and item.is_awaited:
        outcomes.await_other_block(row.pk, block)
        transaction.on_commit(partial(moving.catch_up, [row.pk]), robust=True)
    elif is_other_block:
        outcomes.send_other_block(row.pk, block)
        nudge(0)
    elif is_new_column:
        outcomes.send_to_new_column(PendingScore.objects.filter(pk=row.pk))
    if not item.is_mixed and (is_other_block or any(getattr(item, name) != value for name, value in block.items())):
        LineItem.objects.filter(pk=item.pk).update(is_mixed=True)


def _try_again(row: PendingScore) -> None:
    """Try again what was given up for the person there: a launch proves that they are in the course, so it may be
    accepted now."""
    given_up = PendingScore.objects.given_up().filter(platform_user_id=row.platform_user_id, lane_id=row.lane_id)
    if outcomes.try_again(given_up):
        nudge(0)


def _update(item: LineItem, values: Mapping[str, object]) -> bool:
    """Write what changed; return whether scores that were settled before are to be sent now.

    If a launch leaves out the column, as Moodle sometimes does, the known column is kept. Other people's scores move to
    a new column later, some at a time.
    """
    changed = _changed(item, values)
    if changed.keys() - {"look_again"}:  # of the launches that say something new at once, one sends all scores there
        item_now = LineItem.objects.select_for_update().get(pk=item.pk)
        changed = _changed(item_now, values)
        for name in ("url", "container_url", "scopes", "declined", "look_again"):
            setattr(item, name, getattr(item_now, name))
    if not changed:
        return False
    moves = "url" in changed or _opens(item, changed)
    if "url" in changed:
        changed |= {"created_here": False, "maximum": None, **reasons.FORGOTTEN}
    if moves:
        changed["moved_up_to"] = moving.FROM_THE_FIRST
    for name, value in changed.items():
        setattr(item, name, value)
    item.save(update_fields=list(changed))
    if moves:
        nudge(0)
    return moves


def _opens(item: LineItem, changed: Mapping[str, Any]) -> bool:
    """Whether the platform now allows something that it did not before, so that refused scores may be accepted."""
    if changed.get("declined", item.declined) and not item.url:
        return False
    gained = USEFUL & set(changed.get("scopes", ())) - set(item.scopes)
    wanted_again = changed.get("declined") is False and not item.url
    return bool(gained) or wanted_again or ("container_url" in changed and not item.url)


def _is_time_to_look(item: LineItem) -> bool:
    """Whether a platform that names no column is to be asked again for one of its own."""
    try:
        return store.add(f"lti1p3:own-column:{item.pk}", BETWEEN_LOOKS)
    except StateStoreDown:
        return False


def _changed(item: LineItem, values: Mapping[str, object]) -> dict[str, Any]:
    kept = [name for name in ("url", "container_url") if not values[name]]
    return {name: value for name, value in values.items() if name not in kept and getattr(item, name) != value}
