"""Has a worker read a roster, and do what it makes due, because somebody on a course's team asked for it."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone

from lti_1p3_provider.audit.models import Change
from lti_1p3_provider.audit.note import Author
from lti_1p3_provider.background import after_commit
from lti_1p3_provider.errors import LtiError
from lti_1p3_provider.lti import store
from lti_1p3_provider.memberships import ahead, leavers
from lti_1p3_provider.memberships import sync as rosters
from lti_1p3_provider.resource_links.models import Context

TASK = "lti_1p3_provider.read_roster"
ROSTER = Author(None, Change.Way.ROSTER)
PAUSE = 300  # seconds between two times that a platform's course is asked about

log = logging.getLogger(__name__)


def ask(context_pk: int) -> bool:
    """Have a worker read the roster once the running transaction is committed; return whether it will. It will not if
    somebody asked a moment ago.

    Raises:
        StateStoreDown
    """
    if not store.add(f"lti1p3:roster:{context_pk}", PAUSE):
        return False
    after_commit(TASK, (context_pk,), "the roster stays as it is")
    return True


def read(context_pk: int, since: str = "", most: int = ahead.MOST) -> None:
    """Read the roster, and do what it makes due for ``most`` people; another task reads it again and does the rest.
    ``since``: when the first of these tasks began, in ISO format. A failure is stored with the roster, for the page."""
    began = since or timezone.now().isoformat()
    context = Context.objects.select_related("deployment__registration").filter(pk=context_pk).first()
    if context is None:
        return
    try:
        listed = rosters.read(context)
        rosters.look_for_columns(context)
        leavers.take_back(context, ROSTER)
        done = ahead.provide(context, listed, ROSTER, most=most, since=datetime.fromisoformat(began))
    except LtiError as error:
        log.warning("LTI: the roster of context %s was not read: %s", context_pk, error.code)
        return
    if done is not None and done.left and not done.stopped:
        after_commit(TASK, (context_pk, began), "the rest is done when the roster is read again")
