"""System checks, and how the app is found by the LMS's plugin loader."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import connection
from edx_django_utils.plugins import PluginURLs, get_plugin_apps

from lti_1p3_provider import checks
from lti_1p3_provider.apps import Lti1p3ProviderConfig
from lti_1p3_provider.conf import conf
from lti_1p3_provider.database.isolation import isolation
from lti_1p3_provider.moving_in import guard
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.plugin_settings import CONFINE, FIRST
from lti_1p3_provider.registrations import keys
from tests.cases import every


def ids(found) -> set[str]:
    return {message.id.rpartition(".")[2] for message in found}


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache"])
def test_a_cache_of_one_process_is_an_error_in_production(settings, backend):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    (found,) = [message for message in checks.check_settings(None) if message.id == "lti_1p3_provider.E001"]
    assert found.is_serious()
    settings.DEBUG = True
    (found,) = [message for message in checks.check_settings(None) if message.id == "lti_1p3_provider.E001"]
    assert found.level < 40


@pytest.mark.parametrize("is_on", [True, False])
def test_another_plugins_backend_is_an_error_wherever_the_app_is_on(settings, is_on):
    settings.ENABLE_LTI_1P3_PROVIDER = is_on
    assert checks.check_its_backend(None) == []
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, guard.BACKEND]
    assert ids(checks.check_its_backend(None)) == {"E015"}


@pytest.mark.parametrize("is_on", [True, False])
def test_another_plugins_tables_are_an_error_wherever_the_app_is_on(settings, is_on, db):
    settings.ENABLE_LTI_1P3_PROVIDER = is_on
    assert checks.check_other_plugin(None, databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE lti_1p3_provider_ltiprofile (id integer)")
    assert checks.check_other_plugin(None) == []
    assert ids(checks.check_other_plugin(None, databases=["default"])) == {"E014"}


def test_a_database_cache_that_forgets_is_an_error(settings):
    cache = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "x"}
    settings.CACHES = {"default": cache}
    assert "E008" in ids(checks.check_settings(None))
    settings.CACHES = {"default": {**cache, "OPTIONS": {"MAX_ENTRIES": 100_000}}}
    assert "E008" not in ids(checks.check_settings(None))


def test_https_and_cookies(settings):
    settings.LMS_ROOT_URL = "http://lms.example"
    assert ids(checks.check_settings(None)) == {"W002"}
    settings.LMS_ROOT_URL = "https://lms.example"
    settings.SESSION_COOKIE_SAMESITE = settings.CSRF_COOKIE_SAMESITE = "None"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    assert ids(checks.check_settings(None)) == set()
    for name in ("SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE"):
        for value in ("Lax", "Strict", None, False):
            setattr(settings, name, value)
            assert ids(checks.check_settings(None)) == {"W003"}
        setattr(settings, name, "None")
    settings.CSRF_COOKIE_SECURE = False
    assert ids(checks.check_settings(None)) == {"W003"}


def test_a_site_that_left_out_our_middleware_is_told(settings):
    assert "W009" not in ids(checks.check_settings(None))
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "lti_1p3_provider" not in name]
    assert "W009" in ids(checks.check_settings(None))


@pytest.mark.parametrize(
    "authentication",
    ["django.contrib.auth.middleware.AuthenticationMiddleware", "site.CacheBackedAuthenticationMiddleware"],
)
def test_a_site_whose_sessions_are_not_confined_is_told(settings, authentication):
    others = [name for name in settings.MIDDLEWARE if name != CONFINE and not name.endswith("AuthenticationMiddleware")]
    for middleware, told in (
        ([*others, authentication, CONFINE], False),
        ([*others, authentication, CONFINE, "site.Other"], False),
        ([*others, CONFINE, authentication], True),
        ([*others, authentication], True),
    ):
        settings.MIDDLEWARE = middleware
        assert ("W013" in ids(checks.check_settings(None))) is told


@pytest.mark.parametrize(
    "sessions", ["django.contrib.sessions.middleware.SessionMiddleware", "site.SafeSessionMiddleware"]
)
def test_a_site_whose_session_cookies_cannot_be_partitioned_is_told(settings, sessions):
    others = [name for name in settings.MIDDLEWARE if name != FIRST and not name.endswith("SessionMiddleware")]
    for middleware, told in (
        ([FIRST, sessions, *others], False),
        (["site.Other", FIRST, sessions, *others], False),
        ([sessions, FIRST, *others], True),
        ([sessions, *others], True),
    ):
        settings.MIDDLEWARE = middleware
        assert ("W010" in ids(checks.check_settings(None))) is told


def test_a_single_text_is_a_list_of_one(settings):
    settings.LTI_1P3_PROVIDER_KEY_SECRETS = "my secret"
    settings.LTI_1P3_PROVIDER_PRIVATE_HOSTS = "Moodle.internal"
    assert conf.key_secrets == ("my secret",)
    assert conf.private_hosts == {"moodle.internal"}


def test_a_host_that_cannot_be_loaded(settings):
    settings.LTI_1P3_PROVIDER_HOST = "no.such.Host"
    assert "E004" in ids(checks.check_settings(None))


@pytest.mark.parametrize("path", ["no.such.function", "tests.unit.test_checks.nothing", "tests.unit.test_checks", "x"])
def test_a_filter_of_the_picker_that_cannot_be_called(settings, path):
    assert "E013" not in ids(checks.check_settings(None))
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = path
    assert "E013" in ids(checks.check_settings(None))
    settings.LTI_1P3_PROVIDER_DEEP_LINKING_FILTER = "tests.unit.test_checks.ids"
    assert "E013" not in ids(checks.check_settings(None))


@pytest.mark.django_db
def test_keys_and_gates(settings, tool_key_pem):
    assert ids(checks.check_tables(None)) == {"W005"}
    keys.import_pem(tool_key_pem)
    details = {
        "title": "T",
        "issuer": "https://x.example",
        "client_id": "c",
        "deployment_ids": ("1",),
        "auth_login_url": "https://x.example/a",
        "auth_token_url": "https://x.example/t",
        "key_set_url": "https://x.example/j",
    }
    register(PlatformDetails(**details))
    assert ids(checks.check_tables(None)) == {"W006"}
    settings.LTI_1P3_PROVIDER_REQUIRE_LAUNCH_GATE = True
    assert ids(checks.check_tables(None)) == set()
    row, _ = register(PlatformDetails(**details, allowed_orgs=("Org",)))
    row.gate.allowed_orgs = []
    row.gate.save()
    assert ids(checks.check_tables(None)) == {"W007"}


def test_nothing_is_said_while_we_are_off(settings):
    settings.ENABLE_LTI_1P3_PROVIDER = False
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert checks.check_settings(None) == checks.check_tables(None) == []


def test_the_lms_finds_the_app_and_its_addresses():
    assert "lti_1p3_provider.apps.Lti1p3ProviderConfig" in get_plugin_apps("lms.djangoapp")
    config = Lti1p3ProviderConfig.plugin_app[PluginURLs.CONFIG]["lms.djangoapp"]
    assert config == {
        PluginURLs.NAMESPACE: "lti_1p3_provider",
        PluginURLs.REGEX: r"^lti/1p3/",
        PluginURLs.RELATIVE_PATH: "urls",
    }


class Cursor:
    """Says what a MySQL says."""

    def __init__(self, shown: list[tuple[str, str]]) -> None:
        self.shown = shown

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def execute(self, sql: str, params: tuple[str, ...]) -> None:
        assert params == ("transaction_isolation", "tx_isolation")

    def fetchall(self) -> list[tuple[str, str]]:
        return self.shown


@every(
    "vendor, shown, warned",
    [
        ("mysql", [("transaction_isolation", "REPEATABLE-READ")], True),
        ("mysql", [("tx_isolation", "REPEATABLE-READ")], True),
        ("mysql", [("transaction_isolation", "SERIALIZABLE")], True),
        ("mysql", [("transaction_isolation", "READ-COMMITTED")], False),
        ("mysql", [], False),
        ("postgresql", [("transaction_isolation", "REPEATABLE-READ")], False),
    ],
)
def test_an_isolation_that_ends_in_deadlocks_is_a_warning(vendor, shown, warned):
    database = SimpleNamespace(vendor=vendor, cursor=lambda: Cursor(shown))
    assert ids(checks._check_isolation(isolation(database))) == ({"W012"} if warned else set())


@pytest.mark.parametrize(("level", "warned"), [("REPEATABLE READ", True), ("READ COMMITTED", False)])
def test_the_databases_own_answer_is_read(db, level, warned):
    if connection.vendor != "mysql":
        return  # there is nothing to read; test_an_isolation... has what others say
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
        try:
            assert ("W012" in ids(checks.check_tables(None))) is warned
        finally:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
