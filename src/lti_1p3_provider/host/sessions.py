"""Renews a session's key without ending what other tabs do under the old one."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest

GRACE = 60  # seconds for requests that are under way with the old key
EXPIRY = "_session_expiry"  # where Django keeps what ``set_expiry`` was told
ENDS = "_lti_1p3_ends"  # seconds of the epoch


def renew_key(session: SessionBase) -> None:
    """Give the session a new key, as ``cycle_key`` does, but keep the old one for another minute.

    Otherwise a request that is answered with a key that has just been deleted would sign the browser out.
    """
    if session.pop(ENDS, None) is not None:  # the old one is in its last minute already; the new one is not
        session.pop(EXPIRY, None)
    old_key, data = session.session_key, dict(session.items())
    session.create()
    session.update(data)
    if old_key and session.exists(old_key):
        old = type(session)(old_key)
        old.set_expiry(GRACE)
        old[ENDS] = time.time() + GRACE
        with suppress(UpdateError):  # another tab was faster
            old.save()


@contextmanager
def as_before_on_failure(request: HttpRequest) -> Iterator[None]:
    """Give the request back its session and user if what is done here fails.

    A new session that is rolled back must not reach the browser, wherever sessions are stored.
    """
    session, user = request.session, request.user
    key = session.session_key
    try:
        yield
    except BaseException:
        request.session, request.user = type(session)(key), user
        raise


def is_over(session: SessionBase) -> bool:
    """Tell whether a session's last minute is over. (Its expiry cannot say that: it begins anew with each write.)"""
    return float(session.get(ENDS, math.inf)) < time.time()


def let_go(session: SessionBase) -> None:
    """Do not save a session whose key was renewed, and do not give its old key back to the browser."""
    if session.modified and (ENDS in session or type(session)(session.session_key).get(ENDS) is not None):
        session.modified = False
