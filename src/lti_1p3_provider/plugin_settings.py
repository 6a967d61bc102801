"""What the LMS's plugin loader adds to the settings: once after its common settings, for all that build on them, and
once more after its production settings, because a site's own file may replace there what was added before."""

from __future__ import annotations

from typing import Any

MIDDLEWARE = "lti_1p3_provider.launches.sessions.EndSwitchedOffSessions"
CONFINE = "lti_1p3_provider.launches.confine.ConfineSessions"
FIRST = "lti_1p3_provider.launches.partitioned.PartitionCookies"
LIMITS = "lti_1p3_provider.launches.limits.LimitRequests"
SECRET_ADDRESSES = r"^/lti/1p3/register/"  # an invitation's, with a platform's token in the query
BEAT = {
    name: {"task": name, "schedule": seconds}
    for name, seconds in (("lti_1p3_provider.deliver_scores", 600.0), ("lti_1p3_provider.clean_up", 3600.0))
}


def plugin_settings(settings: Any) -> None:
    """Put our middlewares first and last, once; let Celery's beat, where a site runs one, do what cron does elsewhere.

    The LMS writes each request with its parameters to its tracking log, but for addresses that it is told to leave out.

    The LMS's Celery reads its settings without a namespace, and by their old names: ``CELERYBEAT_SCHEDULE``. An entry
    of the site under one of our names stays.
    """
    for name in (MIDDLEWARE, CONFINE):
        if name not in settings.MIDDLEWARE:
            settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
    for name in (FIRST, LIMITS):
        if name not in settings.MIDDLEWARE:
            settings.MIDDLEWARE = [name, *settings.MIDDLEWARE]
    unlogged = list(getattr(settings, "TRACKING_IGNORE_URL_PATTERNS", None) or ())
    if SECRET_ADDRESSES not in unlogged:
        settings.TRACKING_IGNORE_URL_PATTERNS = [*unlogged, SECRET_ADDRESSES]
    settings.CELERYBEAT_SCHEDULE = {**BEAT, **(getattr(settings, "CELERYBEAT_SCHEDULE", None) or {})}
