"""The caches that a site may share among its processes: each can be emptied, killed, and brought back empty."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.cache import CacheHandler

from tests.services import HOST, memcached, redis_server
from tests.services.line import Line

TABLE = "demo_cache"


@dataclass(frozen=True)
class SharedCache:
    """``setting`` is Django's; None for the stand-in's own, a table of its database, which is never slow."""

    setting: dict[str, Any] | None
    clear: Callable[[], None]
    kill: Callable[[], None]
    restart: Callable[[], None]
    slow: Callable[[float], AbstractContextManager[None]]


@contextmanager
def table(database: Path) -> Iterator[SharedCache]:
    """The stand-in's own. It is dead while its table is away."""

    def run(statement: str) -> None:
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
            connection.execute(statement)

    def clear() -> None:
        run(f"DELETE FROM {TABLE}")  # noqa: S608

    def kill() -> None:
        run(f"ALTER TABLE {TABLE} RENAME TO gone")

    def restart() -> None:
        run(f"ALTER TABLE gone RENAME TO {TABLE}")
        clear()

    yield SharedCache(None, clear, kill, restart, lambda _: nullcontext())


@contextmanager
def redis() -> Iterator[SharedCache]:
    """Redis through Django's own client, as it comes."""
    with redis_server.running() as server, _behind_a_line(server) as line:
        backend = "django.core.cache.backends.redis.RedisCache"
        yield _of(server, line, {"BACKEND": backend, "LOCATION": f"redis://{HOST}:{line.port}/0"})


@contextmanager
def django_redis() -> Iterator[SharedCache]:
    """Redis through the client that swallows its server's errors if it is told to."""
    options = {"IGNORE_EXCEPTIONS": True}
    with redis_server.running() as server, _behind_a_line(server) as line:
        location = f"redis://{HOST}:{line.port}/0"
        yield _of(server, line, {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": location, "OPTIONS": options})


@contextmanager
def memcache() -> Iterator[SharedCache]:
    """Memcached with the options that the LMS comes with: they swallow errors, too."""
    backend = "django.core.cache.backends.memcached.PyMemcacheCache"
    options = {"no_delay": True, "ignore_exc": True, "use_pooling": True, "connect_timeout": 0.5}
    with memcached.running() as server, _behind_a_line(server) as line:
        yield _of(server, line, {"BACKEND": backend, "LOCATION": f"{HOST}:{line.port}", "OPTIONS": options})


@contextmanager
def _behind_a_line(server: Any) -> Iterator[Line]:
    line = Line(server.port)
    line.open()
    try:
        yield line
    finally:
        line.cut()


def _of(server: Any, line: Line, setting: dict[str, Any]) -> SharedCache:
    def clear() -> None:
        CacheHandler({"default": setting})["default"].clear()

    def kill() -> None:
        server.kill()
        line.cut()

    def restart() -> None:
        server.restart()
        line.open()

    @contextmanager
    def slow(seconds: float) -> Iterator[None]:
        line.delay = seconds
        try:
            yield
        finally:
            line.delay = 0

    return SharedCache(setting, clear, kill, restart, slow)
