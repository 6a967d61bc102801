"""What the LMS's plugin loader adds to the settings."""

from __future__ import annotations

from typing import Any

MIDDLEWARE = "lti_1p3_provider.launches.sessions.EndSwitchedOffSessions"
FIRST = "lti_1p3_provider.launches.partitioned.PartitionCookies"
LIMITS = "lti_1p3_provider.launches.limits.LimitRequests"
BEAT = {"lti_1p3_provider.deliver_scores": {"task": "lti_1p3_provider.deliver_scores", "schedule": 600.0}}


def plugin_settings(settings: Any) -> None:
    """Put our middlewares first and last, once; let Celery's beat, where a site runs one, deliver what nudges lost."""
    if MIDDLEWARE not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
    for name in (FIRST, LIMITS):
        if name not in settings.MIDDLEWARE:
            settings.MIDDLEWARE = [name, *settings.MIDDLEWARE]
    settings.CELERY_BEAT_SCHEDULE = {**BEAT, **(getattr(settings, "CELERY_BEAT_SCHEDULE", None) or {})}
