"""What an answer to a score means (AGS-11, AGS-13, AGS-15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lti_1p3_provider.errors import (
    AccessTokenRefused,
    AddressForbidden,
    KeyInvalid,
    NoActiveKey,
    PlatformUnreachable,
    ServiceRefused,
    StateStoreDown,
    TrustUnreadable,
)
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.platforms import PRESETS, preset
from lti_1p3_provider.scores.outbox import retry
from lti_1p3_provider.scores.reasons import Reason, Why
from tests.cases import every

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GENERIC = preset("generic")


def decide(status: int, attempts: int = 0, platform: str = "generic", **headers: str) -> retry.Decision:
    return retry.of_answer(Answer(status, headers, b""), preset(platform), attempts, NOW)


@every("status", [200, 201, 202, 204])
def test_ags_13_any_2xx_is_delivered(status):
    assert decide(status).delivered


@every("status", [103, 199, 300, 301, 302, 303, 304, 307, 308, 408, 425, 429, 500, 503, 504, 599, 700])
def test_ags_15_busy_or_broken_is_tried_again(status):
    decision = decide(status)
    assert decision.retry_at is not None
    assert timedelta(seconds=24) <= decision.retry_at - NOW <= timedelta(seconds=36)


def test_canvas_throttling_is_tried_again_and_a_plain_403_is_not():
    assert decide(403, platform="canvas", **{"x-rate-limit-remaining": "0.0"}).retry_at is not None
    assert decide(403, platform="canvas", **{"x-rate-limit-remaining": "512.3"}).why == Why(Reason.REFUSED, 403)


@every("left", ["nan", "inf", "1e999", "", "x", "9" * 5000, "²"])
def test_ags_15_what_is_no_allowance_says_nothing(left):
    assert decide(403, platform="canvas", **{"x-rate-limit-remaining": left}).why == Why(Reason.REFUSED, 403)


def test_a_redirect_is_an_outage_of_the_platform():
    decision = decide(302)
    assert (decision.why, decision.strikes) == (Why(Reason.REDIRECTED, 302), 1)
    assert retry.of_error(ServiceRefused("reading a list", 307), 0, NOW).retry_at is not None


@every("status", [400, 403, 404, 415, 422])
def test_ags_15_a_refusal_needs_a_person(status):
    assert (decide(status).given_up, decide(status).why) == (True, Why(Reason.REFUSED, status))


def test_ags_15_a_new_access_token_that_is_refused_too_is_the_platforms_trouble():
    decision = decide(401)
    assert decision.retry_at is not None
    assert decision.strikes


@every(
    "platform, status, settles",
    [("generic", 409, True), ("canvas", 400, True), ("openedx", 400, True), ("moodle", 400, False)],
)
def test_ags_11_stale_answers_settle(platform, status, settles):
    decision = decide(status, platform=platform)
    assert (not decision.delivered and decision.retry_at is None and not decision.given_up) is settles


@every(
    "value, seconds",
    [
        ("600", 600),
        ("0", 0),
        ("Thu, 01 Jan 2026 00:10:00 GMT", 600),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("9999999999999", 86400),
        ("1200.5", 1200.5),
        ("9" * 5000, 86400),
        ("1e5", 86400),
        ("Mon, 01 Jan 9999 00:00:00 GMT", 86400),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 0),
        ("Thu, 99 Foo 2026 99:99:99 GMT", 0),
        ("Thu, 01 Jan 2026 00:10:00 -0000", 0),
        ("nan", 0),
        ("inf", 0),
        ("-inf", 0),
        ("1e999", 0),
        ("²", 0),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
        ("x" * 10_000, 0),
    ],
)
def test_ags_15_retry_after_in_both_forms(value, seconds):
    wait = (decide(429, **{"retry-after": value}).retry_at - NOW).total_seconds()
    assert wait == seconds if seconds >= 600 else 24 <= wait <= 36


def test_waits_double_and_end_at_an_hour(settings):
    settings.LTI_1P3_PROVIDER_RETRY_BASE_SEC = 30
    for attempts, middle in ((0, 30), (1, 60), (2, 120), (6, 1920), (7, 3600), (100, 3600), (10**6, 3600)):
        assert middle * 0.8 <= retry.backoff(attempts) <= middle * 1.2


def test_a_day_without_the_platform_is_no_reason_to_give_up():
    assert decide(503, attempts=40).retry_at is not None
    assert decide(503, attempts=retry.MAX_ATTEMPTS).given_up


@every("error", [PlatformUnreachable, AccessTokenRefused, NoActiveKey, StateStoreDown, TrustUnreadable])
def test_errors_that_pass_are_tried_again(error):
    assert retry.of_error(error("x"), 0, NOW).retry_at is not None


@pytest.mark.parametrize("error", [AddressForbidden, KeyInvalid])
def test_errors_that_need_a_person_park(error):
    assert retry.of_error(error("x"), 0, NOW).given_up


def test_every_preset_is_complete():
    for name, found in PRESETS.items():
        assert (found.name, bool(found.label), len(found.steps) >= 3) == (name, True, True)
