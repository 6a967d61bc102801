"""Fixtures: one site for each cache, and the database server that three of them share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler

from demo.platform import Platform
from tests import migrated
from tests.services import mariadb, memcached, redis_server

from . import caches
from .site import CONNECTION, Database, Site, running

SERVERS = {
    "redis": (redis_server.missing, caches.redis),
    "django-redis": (redis_server.missing, caches.django_redis),
    "memcached": (memcached.missing, caches.memcache),
}


@pytest.fixture(scope="package")
def own_database(
    tmp_path_factory: pytest.TempPathFactory, running_platform: Platform, pytestconfig: pytest.Config
) -> Database:
    """The stand-in's own."""
    database = Database(tmp_path_factory.mktemp("site"), None)
    migrated.begin_with(pytestconfig, database.directory / "lms.sqlite3")
    database.prepare(running_platform)
    return database


@pytest.fixture(scope="package")
def mariadb_server(pytestconfig: pytest.Config) -> Iterator[mariadb.MariaDb]:
    """A private MariaDB, with a migrated database in it."""
    if reason := mariadb.missing():
        pytest.skip(reason)
    with migrated.on_mariadb(pytestconfig) as server:
        yield server


@pytest.fixture(scope="package")
def mariadb_database(
    tmp_path_factory: pytest.TempPathFactory, running_platform: Platform, mariadb_server: mariadb.MariaDb
) -> Database:
    """The migrated one, prepared."""
    setting = mariadb_server.database(migrated.NAME) | {"CONN_MAX_AGE": 60}
    database = Database(tmp_path_factory.mktemp("site"), setting)
    database.prepare(running_platform)
    return database


@pytest.fixture(scope="package", params=["table", *SERVERS])
def running_site(request: pytest.FixtureRequest, running_platform: Platform) -> Iterator[tuple[Site, Database]]:
    """A site: the stand-in with what it has itself, or on MariaDB with a cache that has a server."""
    if request.param == "table":
        database = request.getfixturevalue("own_database")
        cache = caches.table(database.directory / "lms.sqlite3")
    else:
        missing, start = SERVERS[request.param]
        if reason := missing():
            pytest.skip(reason)
        database, cache = request.getfixturevalue("mariadb_database"), start()
    with cache as shared, running(running_platform, database, shared) as site:
        yield site, database


@pytest.fixture
def site(running_site: tuple[Site, Database], platform: Platform, django_db_blocker: Any) -> Iterator[Site]:
    """The site, with an empty cache and a connection to its database."""
    found, database = running_site
    connections[CONNECTION] = ConnectionHandler({"default": {}, CONNECTION: database.connection})[CONNECTION]
    with django_db_blocker.unblock():
        found.cache.clear()
        found.begin_to_count()
        yield found
        connections[CONNECTION].close()
    del connections[CONNECTION]
