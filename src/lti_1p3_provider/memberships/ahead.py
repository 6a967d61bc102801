"""Makes accounts and enrolments before people come: does what a complete roster makes due, one person at a time.

It is for learners who take part now, only in courses that the gate opens as a whole, and never for accounts of staff.
Only people whom a roster enrolled are unenrolled.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author, Thing, note
from lti_1p3_provider.memberships import each
from lti_1p3_provider.memberships.models import Roster
from lti_1p3_provider.memberships.plan import Outcome, Stopped, plan
from lti_1p3_provider.memberships.sync import Read
from lti_1p3_provider.resource_links.models import Context

MOST = 500  # people for whom something is done in one go
TRIES = 10  # times as many are tried: whoever is refused makes nobody wait


def provide(
    context: Context,
    read: Read,
    author: Author,
    *,
    whole: bool = False,
    shrinks: bool = False,
    most: int = MOST,
    since: datetime | None = None,
) -> Outcome | None:
    """Do what a list that was just read makes due; return None if the registration wants none of it.

    ``most``: for how many people at once. ``whole``: go on until the whole list is done. ``shrinks``: many people may
    be unenrolled at once. ``since``: when the first of several workers began (default: now); each tries other people.
    Never call it in a transaction. The result of each round is stored as soon as that ends.
    """
    total: Outcome | None = None
    since = since or timezone.now()
    while (last := _go(context, read, shrinks or total is not None, most, since)) is not None:
        total = last if total is None else replace(total, left=0) + last
        _keep(context, last, total, author)
        if not (whole and last.left) or last.stopped:
            break
    return total


def _go(context: Context, read: Read, shrinks: bool, most: int, since: datetime) -> Outcome | None:
    """Go through the list once, without the people who were refused after ``since``."""
    found = plan(context, read, shrinks=shrinks)
    if found is None:
        return None
    done, room, tries = Outcome(stopped=found.stopped), most, most * TRIES
    try:
        each.disown(found.place, read, found.over)
        each.welcome(found.place, found.back)
        for sub, what in found.steps(since):
            if not room or not tries or (done.stopped == Stopped.QUOTA and what is None):
                done += Outcome(left=1)
                continue
            said = each.do(found.place, read, sub, what)
            tries -= 1
            if said.refused:
                each.remember(found.place, sub, what, max(since, timezone.now()))
            if said.did or not said.refused:
                room -= 1
            done += said
    except each.Over:
        return replace(done, stopped=Stopped.NEWER)
    return done


def _keep(context: Context, last: Outcome, total: Outcome, author: Author) -> None:
    """Store for the page what was done so far, unless a newer read has stored its own. Note a round in the audit trail
    if it changed something or was held back."""
    with transaction.atomic():
        if last.stopped != Stopped.NEWER:
            said = {"at": timezone.now().isoformat(), **asdict(total)}
            Roster.objects.filter(context=context).update(ahead=said)
        if last.did or last.stopped in (Stopped.SHRUNK, Stopped.QUOTA):
            registration = context.deployment.registration
            thing = Thing("roster", str(context), registration.org, registration.pk)
            note(author, Change.Action.CHANGED, thing, {}, asdict(last))
