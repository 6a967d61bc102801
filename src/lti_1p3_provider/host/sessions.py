"""Renews a session's key without ending what other tabs are doing under the old one."""

from __future__ import annotations

from contextlib import suppress

from django.contrib.sessions.backends.base import SessionBase, UpdateError

GRACE = 60  # seconds for requests that are under way with the old key
EXPIRY = "_session_expiry"  # where Django keeps what ``set_expiry`` was told


def renew_key(session: SessionBase) -> None:
    """Give the session a new key, as ``cycle_key`` does, but let the old one live a minute longer.

    A request that is answered with a key which has just been deleted would sign the browser out.
    """
    if session.get(EXPIRY) == GRACE:  # the old one is in its last minute already; the new one is not
        del session[EXPIRY]
    old_key, data = session.session_key, dict(session.items())
    session.create()
    session.update(data)
    if old_key and session.exists(old_key):
        old = type(session)(old_key)
        old.set_expiry(GRACE)
        with suppress(UpdateError):  # another tab was faster
            old.save()
