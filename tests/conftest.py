"""Fixtures: one emulated platform per run, one registration per test; everything speaks real HTTP over loopback."""

from __future__ import annotations

import gc
import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from celery import current_app
from celery.signals import before_task_publish
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.apps import apps
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.core.cache import cache
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from demo.platform import Platform, PlatformConfig, RunningPlatform, Tool, create_app
from lti_1p3_provider.launches import scope
from lti_1p3_provider.lti import key_sets
from lti_1p3_provider.onboarding.guide import guide
from lti_1p3_provider.onboarding.register import PlatformDetails, register
from lti_1p3_provider.outline import find
from lti_1p3_provider.registrations import keys
from lti_1p3_provider.registrations.models import ToolKey

from . import made_before, migrated, names, near, outgoing, outlines
from .broken_cache import NotingCache
from .connection import Connection
from .database import emptied_quickly
from .distribution import make_room
from .registered import registered
from .services import mariadb, postgresql
from .web_server import WebServer, answer_in_one_piece

numbers = itertools.count(1)
GARBAGE = (10_000, 20, 20)  # how many new objects, and rounds, before Python looks for garbage
answer_in_one_piece()


def pytest_configure(config: pytest.Config) -> None:
    """In a parallel run, leave the processor to what waits for servers."""
    make_room(getattr(config, "workerinput", {}).get("workerid", ""))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Do not look again and again for garbage among thousands of tests and all modules: they stay to the end."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    gc.set_threshold(*GARBAGE)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything must run (``LTI_TEST_REQUIRE_ALL=1``), a test that skips for want of a program has failed."""
    report = yield
    reason = str(call.excinfo.value) if call.excinfo else ""
    if os.environ.get("LTI_TEST_REQUIRE_ALL") == "1" and report.skipped and "edx-platform" not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped although LTI_TEST_REQUIRE_ALL=1: {reason}"
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Distribute the tests over the processes of a parallel run in our own way."""
    from .distribution import InOrder

    return InOrder(config, log)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, pytestconfig: pytest.Config
) -> Iterator[None]:
    """Start the database that ``LTI_TEST_DATABASE`` names, just before Django makes its test database there."""
    if settings.TEST_DATABASE == "sqlite":
        yield
        return
    server = {"mariadb": mariadb, "postgresql": postgresql}[settings.TEST_DATABASE]
    if reason := server.missing():
        pytest.exit(f"LTI_TEST_DATABASE={settings.TEST_DATABASE}: {reason}", returncode=4)
    starting = migrated.on_mariadb(pytestconfig) if server is mariadb else postgresql.running(in_memory=True)
    with starting as running:  # type: ignore[attr-defined]
        connections.databases["default"].update(running.account)
        connections.databases["default"]["TEST"]["NAME"] = migrated.NAME  # each process has a server of its own
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(pytestconfig: pytest.Config, django_db_modify_db_settings: None) -> bool:
    """Begin with a copy of a database that is migrated, if there is one."""
    return migrated.take(pytestconfig)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_keepdb: bool, django_db_blocker: Any, pytestconfig: pytest.Config
) -> Iterator[None]:
    """Keep the database that was migrated just now. Emptying it after a test must not take longer than the test."""
    emptying = ExitStack()
    with django_db_blocker.unblock():
        if not django_db_keepdb and (kept := migrated.kept(pytestconfig)) is not None:
            migrated.keep(kept)
        emptying.enter_context(emptied_quickly())
    with emptying:
        yield


@pytest.fixture(autouse=True)
def no_request_in_a_transaction() -> Iterator[None]:
    """No outgoing request of ours runs inside a transaction, whoever makes it."""
    with outgoing.watched() as seen:
        yield
    assert seen == [], "a request of ours was made inside a transaction"


@pytest.fixture(scope="session", autouse=True)
def no_name_server() -> Iterator[None]:
    """What tests ask stays on this machine."""
    with names.of_this_machine():
        yield


@pytest.fixture(scope="session")
def keys_made_before() -> Iterator[made_before.Keys]:
    """RSA keys that the process made before."""
    with made_before.handed_out() as known:
        yield known


@pytest.fixture(autouse=True)
def first_key_next(keys_made_before: made_before.Keys) -> Iterator[None]:
    """Each test gets the same keys, none of them twice."""
    keys_made_before.begin()
    yield
    keys_made_before.end()


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    """Nothing in the cache: it is no part of the database, which each test finds empty."""
    cache.clear()


@pytest.fixture
def asked_of_cache(settings: Any, nothing_cached: None) -> list[str]:
    """What is asked of the cache from now on: get, add and set."""
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.NotingCache", "LOCATION": "noting"}}
    cache.clear()
    NotingCache.asked.clear()
    return NotingCache.asked


@pytest.fixture(scope="session")
def running_platform() -> Iterator[Platform]:
    """One platform process-wide: its RSA keys are slow to make."""
    with RunningPlatform(PlatformConfig()) as platform, near.served(platform.base_url, create_app(platform)):
        yield platform


@pytest.fixture
def platform(running_platform: Platform) -> Iterator[Platform]:
    """The emulated platform, without faults, with the real time, and without people of other tests: a list of a
    course's people would be as long, and as odd, as the tests that ran before."""
    before = running_platform.store.people()
    yield running_platform
    running_platform.store.keep_people(before)
    running_platform.faults.clear()
    running_platform.clock = lambda: datetime.now(UTC)


@pytest.fixture
def configure(platform: Platform) -> Iterator[Callable[..., None]]:
    """Return a function that changes the platform's configuration for one test."""
    before = platform.config

    def change(**values: object) -> None:
        platform.config = replace(platform.config, **values)  # type: ignore[arg-type]

    yield change
    platform.config = before


@pytest.fixture(scope="session")
def tool_key_pem() -> str:
    """A signing key, made for this run."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture(scope="session")
def add_tool_key(tool_key_pem: str) -> Callable[[], None]:
    """Return a function that stores that key. To examine it takes 50 ms, so that is done once."""
    known: dict[str, object] = {}

    def add() -> None:
        if known:
            ToolKey.objects.create(**known)
        else:
            row = keys.import_pem(tool_key_pem)
            known.update(kid=row.kid, private_key=row.private_key, public_jwk=row.public_jwk)

    return add


@pytest.fixture
def permissions(transactional_db: None) -> None:
    """The permissions of our models."""
    create_permissions(apps.get_app_config("lti_1p3_provider"), verbosity=0)


@pytest.fixture
def no_worker() -> Iterator[Mapping[str, list[tuple[Any, ...]]]]:
    """No task runs: messages stay with the broker. Their arguments, by task."""
    told: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def note(sender: str, body: tuple[Any, ...], **_: object) -> None:
        told[sender].append(tuple(body[0]))

    conf = current_app.conf
    before = conf.task_always_eager
    conf.task_always_eager = False
    before_task_publish.connect(note)
    yield told
    before_task_publish.disconnect(note)
    conf.task_always_eager = before


@pytest.fixture(scope="session")
def lms_server() -> Iterator[str]:
    """The app's own server: its base URL. pytest-django's ``live_server`` changes settings for each test."""
    server = LiveServer("localhost")
    with near.served(server.url, server.thread.httpd.get_app()):
        yield server.url
    server.stop()


@pytest.fixture
def lms(transactional_db, lms_server, settings, add_tool_key) -> str:  # type: ignore[no-untyped-def]
    """The base URL of the app under test, with a signing key and nothing in its caches."""
    settings.LMS_ROOT_URL = lms_server
    cache.clear()
    key_sets._recent.clear()
    find._recent.clear()  # the rows that were remembered went with the database
    scope.forget_all()
    add_tool_key()
    return str(lms_server)


@pytest.fixture
def outlined(lms: str) -> None:
    """The outline of the demo's first course; a module that is about building it has another fixture of this name."""
    outlines.build()


@pytest.fixture
def connect(platform: Platform, lms: str, outlined: None) -> Callable[..., Connection]:
    """Return a function that registers the platform once more, under a client id of its own."""

    def connected(**details: object) -> Connection:
        values = {
            "title": "Emulated platform",
            "issuer": platform.issuer,
            "client_id": f"client-{next(numbers)}",
            "deployment_ids": ("1",),
            "auth_login_url": platform.auth_login_url,
            "auth_token_url": platform.auth_token_url,
            "key_set_url": platform.key_set_url,
            **details,
        }
        said = PlatformDetails(**values)  # type: ignore[arg-type]
        registration = register(said)[0] if "client_id" in details else registered(said)
        ours = guide(lms)
        platform.add_tool(
            Tool(
                client_id=registration.client_id,
                login_url=ours.login_url,
                redirect_uris=[ours.redirect_uri],
                jwks_url=ours.jwks_url,
                deep_link_url=ours.deep_linking_url,
            )
        )
        return Connection(platform, registration, lms)

    return connected


@pytest.fixture
def connection(connect: Callable[..., Connection]) -> Connection:
    """A registration of the emulated platform, without a gate."""
    return connect()


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    """A web server of a stranger, on loopback."""
    with WebServer() as running:
        yield running
