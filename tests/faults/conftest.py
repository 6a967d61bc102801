"""Fixtures: one site for all tests here, with two workers that are alive at the beginning of each; two platforms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.utils import ConnectionHandler

from demo.platform import Platform, PlatformConfig, RunningPlatform
from tests import migrated
from tests.services import mariadb, redis_server

from .site import SITE, Site, running

WORKERS = 2
collect_ignore = [] if settings.TEST_DATABASE == "sqlite" else ["test_databases.py"]  # which begins that other run


@pytest.fixture(scope="package")
def both_platforms() -> Iterator[tuple[Platform, Platform]]:
    """Platforms of these tests' own: thousands of people are in their courses."""
    with RunningPlatform(PlatformConfig()) as one, RunningPlatform(PlatformConfig()) as other:
        yield one, other


@pytest.fixture(scope="package")
def running_site(
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    both_platforms: tuple[Platform, Platform],
) -> Iterator[Site]:
    """Web, database, cache, broker."""
    if reason := mariadb.missing() or redis_server.missing():
        pytest.skip(reason)
    directory, known = tmp_path_factory.mktemp("faults"), both_platforms[0]
    with (
        migrated.on_mariadb(pytestconfig) as server,
        redis_server.running() as redis,
        running(server, redis, directory, known) as site,
    ):
        yield site


@pytest.fixture
def site(running_site: Site, django_db_blocker: Any) -> Iterator[Site]:
    """The site with two workers, and a connection to its database."""
    connections[SITE] = ConnectionHandler({"default": {}, SITE: running_site.database.connection})[SITE]
    running_site.forget_messages()
    running_site.have_workers(WORKERS)
    with django_db_blocker.unblock():
        yield running_site
        connections[SITE].close()
    del connections[SITE]
    running_site.set_clock(0)


@pytest.fixture
def platform(both_platforms: tuple[Platform, Platform]) -> Iterator[Platform]:
    """A platform without faults."""
    yield _ready(both_platforms[0])
    _ready(both_platforms[0])


@pytest.fixture
def other_platform(both_platforms: tuple[Platform, Platform]) -> Platform:
    """Another one."""
    return _ready(both_platforms[1])


def _ready(platform: Platform) -> Platform:
    platform.faults.clear()
    platform.overlap.clear()
    platform.stopped = False
    platform.clock = lambda: datetime.now(UTC)
    return platform
