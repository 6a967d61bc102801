"""What is remembered of how a platform answered last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from django.utils.http import http_date

from lti_1p3_provider.errors import AccessTokenRefused, KeySetUnavailable
from lti_1p3_provider.lti import contacts
from lti_1p3_provider.lti.contacts import About, Contact, noted, worked
from lti_1p3_provider.lti.exchange import Answer

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_cached(db: None) -> None:
    cache.clear()


def dated(**headers: str) -> Answer:
    return Answer(200, headers, b"", "https://p.example/keys")


def fail(pk: int, about: About, error: Exception) -> None:
    with pytest.raises(type(error)), noted(pk, about):
        raise error


def test_the_last_success_and_the_last_failure_are_known():
    worked(1, About.KEYS, dated(date=http_date(timezone.now().timestamp() - 90)))
    fail(1, About.TOKEN, AccessTokenRefused("no"))
    found = contacts.of_all([1, 2])
    assert set(found) == {(1, About.KEYS), (1, About.TOKEN)}
    keys, token = found[1, About.KEYS], found[1, About.TOKEN]
    assert (keys.fails, round(keys.skew / 10)) == (False, 9)
    assert (token.fails, token.code, token.worked_at) == (True, "access_token_refused", None)
    assert abs(token.failed_at - timezone.now()) < timedelta(seconds=10)


def test_a_success_after_a_failure_is_one():
    fail(1, About.KEYS, KeySetUnavailable("gone"))
    worked(1, About.KEYS, dated())
    assert not contacts.of_all([1])[1, About.KEYS].fails


def test_an_error_that_is_not_the_platforms_is_not_noted():
    fail(1, About.KEYS, ZeroDivisionError())
    assert contacts.of_all([1]) == {}


def test_a_dead_cache_is_no_reason_to_fail(settings):
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    worked(1, About.KEYS, dated())
    fail(1, About.TOKEN, AccessTokenRefused("no"))
    assert contacts.of_all([1]) == {}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"date": "Mon, 30 Nov 2026 11:59:30 GMT"}, 30.0),
        ({"date": "Mon, 30 Nov 2026 12:01:00 GMT"}, -60.0),
        ({"date": "Mon, 30 Nov 2026 11:00:00 GMT", "age": "3600"}, None),
        ({"date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_clocks_are_compared_where_the_date_is_the_platforms_own(headers, expected):
    assert contacts.skew(dated(**headers), NOW) == expected


def test_nothing_is_known_of_nobody():
    assert Contact().fails is False
    assert contacts.of_all([]) == {}
