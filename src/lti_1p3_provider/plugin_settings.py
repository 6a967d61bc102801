"""What the LMS's plugin loader adds to the settings.

It does so twice: after the LMS's common settings, for all that build on them, and again after its production settings,
because a site's own file may replace there what was added before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MIDDLEWARE = "lti_1p3_provider.launches.sessions.EndSwitchedOffSessions"
CONFINE = "lti_1p3_provider.launches.confine.ConfineSessions"
LIMITS = "lti_1p3_provider.launches.limits.LimitRequests"
FIRST = "lti_1p3_provider.launches.partitioned.PartitionCookies"
LOGINS = "lti_1p3_provider.launches.logins.AnswerLogins"
# An invitation's, with a platform's token in the query; and where platforms send what they say of a person.
UNLOGGED = r"^/lti/1p3/(register/|(login|launch|deep-linking(/launch)?)/?$)"
DASHBOARD = "org.openedx.learning.instructor.dashboard.render.started.v1"
TAB = "lti_1p3_provider.host.openedx.dashboard.AddTab"
DASHBOARD_APP = "org.openedx.learning.instructor.dashboard.tabs.requested.v1"
APP_TAB = "lti_1p3_provider.host.openedx.dashboard.AddTabOfApp"
TEMPLATES = str(Path(__file__).parent / "templates")  # of these, the LMS's own pages include one
BEAT = {
    name: {"task": name, "schedule": seconds}
    for name, seconds in (("lti_1p3_provider.deliver_scores", 600.0), ("lti_1p3_provider.clean_up", 3600.0))
}


def plugin_settings(settings: Any) -> None:
    """Put our middlewares first and last, once; let Celery's beat, where a site runs one, do what cron does elsewhere;
    add a tab to the Instructor Dashboard, as a page and as a front end (``host.openedx.dashboard``).

    The LMS writes each request with its parameters to its tracking log, but for addresses that it is told to leave out.

    The LMS's Celery reads its settings without a namespace, and by their old names: ``CELERYBEAT_SCHEDULE``. An entry
    of the site under one of our names stays.
    """
    for name in (MIDDLEWARE, CONFINE):
        if name not in settings.MIDDLEWARE:
            settings.MIDDLEWARE = [*settings.MIDDLEWARE, name]
    for name in (LOGINS, FIRST, LIMITS):
        if name not in settings.MIDDLEWARE:
            settings.MIDDLEWARE = [name, *settings.MIDDLEWARE]
    unlogged = list(getattr(settings, "TRACKING_IGNORE_URL_PATTERNS", None) or ())
    if UNLOGGED not in unlogged:
        settings.TRACKING_IGNORE_URL_PATTERNS = [*unlogged, UNLOGGED]
    settings.CELERYBEAT_SCHEDULE = {**BEAT, **(getattr(settings, "CELERYBEAT_SCHEDULE", None) or {})}
    filters = getattr(settings, "OPEN_EDX_FILTERS_CONFIG", None) or {}
    ours = {name: _with_step(filters.get(name), step) for name, step in ((DASHBOARD, TAB), (DASHBOARD_APP, APP_TAB))}
    settings.OPEN_EDX_FILTERS_CONFIG = {**filters, **ours}
    directories = getattr(settings, "MAKO_TEMPLATE_DIRS_BASE", None)
    if directories is not None and TEMPLATES not in directories:
        settings.MAKO_TEMPLATE_DIRS_BASE = [*directories, TEMPLATES]


def _with_step(filter_: Any, ours: str) -> Mapping[str, Any]:
    """Return a filter's configuration with our step last, once. A site may name its steps in any of three forms."""
    if isinstance(filter_, str):
        filter_ = [filter_]
    if isinstance(filter_, list | tuple):
        filter_ = {"pipeline": filter_}
    filter_ = dict(filter_ or {})
    steps = [step for step in filter_.get("pipeline") or () if step != ours]
    return {"fail_silently": True, **filter_, "pipeline": [*steps, ours]}
