"""The shared cache: what is kept, for how long, and how it fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection as database

from lti_1p3_provider.errors import StateStoreDown
from lti_1p3_provider.lti import store


@pytest.fixture(autouse=True)
def _memory(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def test_what_is_put_is_there_until_it_is_dropped():
    store.put("name", {"a": 1}, 60)
    assert store.get("name") == {"a": 1}
    assert store.get("another") is None
    store.drop("name")
    assert store.get("name") is None


def test_nothing_is_kept_longer_than_asked():
    store.put("name", 1, 0)
    assert store.get("name") is None
    store.add("name", 0)
    assert store.get("name") is None


def test_core_05_one_caller_is_the_first():
    assert [store.add("name", 60), store.add("name", 60), store.add("another", 60)] == [True, False, True]


def test_each_name_is_counted_from_one():
    assert [store.count("name", 60), store.count("name", 60), store.count("another", 60)] == [1, 2, 1]


def test_several_are_counted_at_once():
    assert [store.count("name", 60, 5), store.count("name", 60), store.count("name", 60, 2)] == [5, 6, 8]
    assert [store.count("short", 0, 5), store.count("short", 0, 5)] == [5, 5]


def test_a_count_lasts_as_long_as_asked_although_the_cache_has_a_time_of_its_own(db, settings):
    backend = "django.core.cache.backends.db.DatabaseCache"  # gives what it counts its default time
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "demo_cache"}}
    call_command("createcachetable", verbosity=0)
    store.count("name", 3600)
    with database.cursor() as cursor:
        cursor.execute("SELECT expires FROM demo_cache WHERE cache_key LIKE '%%name%%'")
        (expires,) = cursor.fetchone()
    lasts = datetime.fromisoformat(str(expires)) - datetime.now(UTC).replace(tzinfo=None)
    assert 3500 < lasts.total_seconds() <= 3600


def test_a_count_begins_anew_when_its_time_is_over():
    assert [store.count("name", 0), store.count("name", 0)] == [1, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: store.get("name"),
        lambda: store.put("name", 1, 60),
        lambda: store.add("name", 60),
        lambda: store.drop("name"),
        lambda: store.count("name", 60),
    ],
    ids=["get", "put", "add", "drop", "count"],
)
def test_core_05_a_dead_cache_is_one_kind_of_failure(settings, call):
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    with pytest.raises(StateStoreDown, match="ConnectionError"):
        call()
