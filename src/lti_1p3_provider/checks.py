"""Django system checks: what can be known to be wrong before anybody launches."""

from __future__ import annotations

import itertools
from typing import Any

from django.core import checks
from django.db import DatabaseError, connections

from lti_1p3_provider import host
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.isolation import isolation
from lti_1p3_provider.database.storable import repertoire
from lti_1p3_provider.deep_linking import filtering
from lti_1p3_provider.gates.models import LaunchGate
from lti_1p3_provider.lti import trusted
from lti_1p3_provider.moving_in import guard
from lti_1p3_provider.plugin_settings import CONFINE, FIRST, MIDDLEWARE
from lti_1p3_provider.registrations.models import Registration, ToolKey

MIN_CACHE_ENTRIES = 50_000
PRIVATE_CACHES = ("locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache")


def register() -> None:
    """Make Django run the checks. Those that read tables run with ``check --database`` and before ``migrate``."""
    checks.register(check_settings, "lti_1p3_provider")
    checks.register(check_tables, "lti_1p3_provider", checks.Tags.database)
    checks.register(check_its_backend, "lti_1p3_provider")
    checks.register(check_other_plugin, "lti_1p3_provider", checks.Tags.database)
    guard.connect()


def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Check cache, https, cookies, middleware, authorities, host and the picker's filter."""
    if not conf.enabled:
        return []
    return [*_check_cache(), *_check_cookies(), *_check_middleware(), *_check_trust(), *_check_host(), *_check_filter()]


def _check_cache() -> list[checks.CheckMessage]:
    if conf.cache_backend.endswith(PRIVATE_CACHES):
        kind = checks.Warning if conf.debug else checks.Error
        return [
            kind(
                f"The default cache ({conf.cache_backend}) is not shared by all processes.",
                hint="Use Redis or Memcached: a launch may be used only once across all processes.",
                id="lti_1p3_provider.E001",
            )
        ]
    if conf.cache_backend.endswith("db.DatabaseCache") and conf.cache_max_entries < MIN_CACHE_ENTRIES:
        return [
            checks.Error(
                f"The default cache keeps {conf.cache_max_entries} entries: it forgets which launches were used.",
                hint=f"Set OPTIONS MAX_ENTRIES to {MIN_CACHE_ENTRIES} or more, or use Redis or Memcached.",
                id="lti_1p3_provider.E008",
            )
        ]
    return []


def _check_cookies() -> list[checks.CheckMessage]:
    if not conf.uses_https:
        return [
            checks.Warning(
                "Platforms reach this site over plain http.",
                hint="Browsers keep no cookies for http pages in another site's frame. Set LMS_ROOT_URL to https.",
                id="lti_1p3_provider.W002",
            )
        ]
    if not conf.cookies_work_in_frames:
        return [
            checks.Warning(
                "Session or CSRF cookies do not work inside another site's frame.",
                hint="Set SESSION_COOKIE_SAMESITE and CSRF_COOKIE_SAMESITE to 'None' and both _COOKIE_SECURE to True.",
                id="lti_1p3_provider.W003",
            )
        ]
    return []


def _check_middleware() -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    if MIDDLEWARE not in conf.middleware:
        found.append(
            checks.Warning(
                "Sessions outlive a registration or deployment that is switched off: our middleware is missing.",
                hint=f"Add {MIDDLEWARE} to the end of MIDDLEWARE.",
                id="lti_1p3_provider.W009",
            )
        )
    after_people = itertools.dropwhile(lambda name: not name.endswith("AuthenticationMiddleware"), conf.middleware)
    if CONFINE not in after_people:
        found.append(
            checks.Warning(
                "Anyone who launches one block can use the whole site: the middleware that confines sessions is "
                "missing, or comes before the one for authentication.",
                hint=f"Add {CONFINE} to the end of MIDDLEWARE.",
                id="lti_1p3_provider.W013",
            )
        )
    before_sessions = itertools.takewhile(lambda name: not name.endswith("SessionMiddleware"), conf.middleware)
    if FIRST not in before_sessions:
        found.append(
            checks.Warning(
                "Where browsers block other sites' cookies, nobody stays signed in inside a frame: our first "
                "middleware is missing, or does not come before the one for sessions.",
                hint=f"Put {FIRST} at the beginning of MIDDLEWARE.",
                id="lti_1p3_provider.W010",
            )
        )
    return found


def _check_trust() -> list[checks.CheckMessage]:
    if not (problem := trusted.problem()):
        return []
    hint = (
        "Name a file of certificates in PEM form that the LMS's processes may read; without it no platform is called."
    )
    return [checks.Error(f"{problem}.", hint=hint, id="lti_1p3_provider.E012")]


def _check_host() -> list[checks.CheckMessage]:
    try:
        host.current()
    except Exception as error:  # any: it is the site's configuration
        return [
            checks.Error(
                f"LTI_1P3_PROVIDER_HOST ({conf.host}) cannot be loaded: {type(error).__name__}.",
                hint="Remove the setting inside an LMS.",
                id="lti_1p3_provider.E004",
            )
        ]
    return []


def _check_filter() -> list[checks.CheckMessage]:
    if not (problem := filtering.problem()):
        return []
    return [
        checks.Error(
            f"LTI_1P3_PROVIDER_DEEP_LINKING_FILTER ({conf.deep_linking_filter}) cannot be used: {problem}.",
            hint="Name a function by its dotted path; until then instructors are offered nothing.",
            id="lti_1p3_provider.E013",
        )
    ]


def _check_charset() -> list[checks.CheckMessage]:
    if not (narrow := repertoire().narrow):
        return []
    return [
        checks.Warning(
            f"The database cannot store all characters: its connection or our tables have {', '.join(narrow)}.",
            hint="Emoji are lost in titles, and people with one in an identifier are refused. Connect with OPTIONS "
            "{'charset': 'utf8mb4'}, and convert the tables to utf8mb4.",
            id="lti_1p3_provider.W011",
        )
    ]


def _check_isolation(level: str) -> list[checks.CheckMessage]:
    if level not in ("repeatable read", "serializable"):
        return []
    return [
        checks.Warning(
            f"The database's connections use {level.upper()}: when a class launches at once, most fail.",
            hint="Use READ COMMITTED, Django's default: remove 'isolation_level' from the OPTIONS of DATABASES.",
            id="lti_1p3_provider.W012",
        )
    ]


def check_its_backend(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Look for what another plugin's settings leave behind, also where the app is off: logins break without it."""
    if guard.BACKEND not in conf.authentication_backends:
        return []
    hint = "Remove it from AUTHENTICATION_BACKENDS: it was added by the other plugin's settings, or its Tutor plugin."
    return [
        checks.Error(
            f"AUTHENTICATION_BACKENDS names {guard.BACKEND}, which is not there: nobody can sign in.",
            hint=hint,
            id="lti_1p3_provider.E015",
        )
    ]


def check_other_plugin(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Look whether another plugin's tables are in our place, also where the app is off: ``migrate`` runs anyway."""
    found: list[checks.CheckMessage] = []
    for alias in databases or []:
        try:
            said = guard.problem(connections[alias])
        except DatabaseError:
            continue  # no database yet
        if said:
            found.append(checks.Error(said, hint=guard.HINT, id="lti_1p3_provider.E014"))
    return found


def check_tables(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Check the characters that are kept, isolation, keys and gates."""
    if not conf.enabled:
        return []
    try:
        keys = ToolKey.objects.filter(status=ToolKey.Status.ACTIVE).exists()
        open_to_all = list(
            Registration.objects.filter(enabled=True, gate__isnull=True).values_list("title", flat=True)[:10]
        )
        closed = [
            gate.registration.title for gate in LaunchGate.objects.select_related("registration") if gate.opens_nothing
        ]
    except DatabaseError:
        return []  # not migrated yet
    found = [*_check_charset(), *_check_isolation(isolation())]
    if not keys:
        hint = "Run: manage.py lms lti_1p3_keys create"
        found.append(checks.Warning("There is no signing key.", hint=hint, id="lti_1p3_provider.W005"))
    if open_to_all and not conf.require_launch_gate:
        found.append(
            checks.Warning(
                f"These registrations may open everything that is published: {', '.join(open_to_all)}.",
                hint="Give each a launch gate, or set LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True.",
                id="lti_1p3_provider.W006",
            )
        )
    if closed:
        hint = "Name courses, organizations or blocks in the gate."
        found.append(
            checks.Warning(
                f"These gates open nothing: {', '.join(closed[:10])}.", hint=hint, id="lti_1p3_provider.W007"
            )
        )
    return found
