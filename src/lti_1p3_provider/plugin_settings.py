"""What the LMS's plugin loader adds to the settings."""

from __future__ import annotations

from typing import Any

MIDDLEWARE = "lti_1p3_provider.launches.sessions.EndSwitchedOffSessions"


def plugin_settings(settings: Any) -> None:
    """Put our middleware last, once."""
    if MIDDLEWARE not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
