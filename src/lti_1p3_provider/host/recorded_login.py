"""Keeps launches from ending each other's sessions where a site prevents concurrent logins.

The LMS then stores the key of a person's newest session in their profile, and each login and logout ends the session
that it finds there. But the frames of one page launch at the same time, and each first visit makes a session of its
own. See docs/decisions/0013.
"""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

LAUNCHED = "_lti_1p3_launched"  # in the session: a launch made it
RECORDED = "session_id"  # in the profile's meta: the LMS's own name


class Profile(Protocol):
    """The LMS's UserProfile, as far as it is needed here."""

    def get_meta(self) -> dict[str, Any]:
        """Return what is recorded of the person."""

    def set_meta(self, meta_json: dict[str, Any]) -> None:
        """Replace it, in memory."""


def begin(session: SessionBase) -> None:
    """Mark the session that ``login`` is about to make, and drop the data of the person who was signed in before.

    It must be marked before it has its key, because another launch may read that from the profile at once. And
    ``login`` itself leaves a session that it emptied without a key, so none would be stored.
    """
    if SESSION_KEY in session:
        session.flush()
    session[LAUNCHED] = True


def spare_launched(profile: Profile, sessions: type[SessionBase]) -> None:
    """Keep a login that finds ``profile`` from ending a session that a launch made. The profile is changed in memory
    only."""
    meta = profile.get_meta()
    recorded = meta.get(RECORDED)
    if recorded and sessions(recorded).get(LAUNCHED):
        del meta[RECORDED]
        profile.set_meta(meta)


def renewed(profile: Profile, before: str | None, now: str | None) -> bool:
    """Put a session's new key in place of its old one, in memory; tell whether the old one was stored."""
    meta = profile.get_meta()
    if before is None or meta.get(RECORDED) != before:
        return False
    profile.set_meta({**meta, RECORDED: now})
    return True


def is_of_another(profile: Profile, session: SessionBase) -> bool:
    """Tell whether the stored session, which a logout ends, is another one than this."""
    recorded = profile.get_meta().get(RECORDED)
    return bool(recorded) and recorded != session.session_key
