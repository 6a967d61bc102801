"""How many refused attempts are recorded: strangers can neither fill the table nor hide what happens to others."""

from __future__ import annotations

from collections import Counter

import pytest
from django.core.cache import cache

from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.errors import (
    AudienceMismatch,
    ClaimMissing,
    GateClosed,
    GrantMissing,
    LaunchReplayed,
    RegistrationUnknown,
    SignatureInvalid,
    TokenMissing,
)
from lti_1p3_provider.lti.trail import Trail
from lti_1p3_provider.registrations.models import Registration

BEFORE = ["form", "state", "browser", "shape", "registration"]
SIGNED = [*BEFORE, "signature"]
STAGES = {"nothing": [], "state": ["form", "state"], "browser": BEFORE}


@pytest.fixture(autouse=True)
def quiet_clock(db, monkeypatch) -> list[float]:
    """No minute ends in the middle of a test."""
    cache.clear()
    record._counted_here.clear()
    now = [1_800_000_000.0]
    monkeypatch.setattr(record.time, "time", lambda: now[0])
    return now


def recorded(trail: Trail, error: Exception) -> bool:
    return LaunchAttempt.objects.filter(support_code=record.refusal(trail, error)).exists()


def flood(number: int, door: str = "launch", steps: list[str] | None = None, whose: int | None = None) -> int:
    """Make attempts; return how many were recorded."""
    before = LaunchAttempt.objects.count()
    for _ in range(number):
        record.refusal(Trail(door, steps=list(steps or []), registration_pk=whose), TokenMissing())
    return LaunchAttempt.objects.count() - before


def test_sec_32_a_day_of_strangers_attempts_is_bounded(quiet_clock, monkeypatch):
    monkeypatch.setattr(record, "MOST_UNUSED_PER_MINUTE", 20)
    monkeypatch.setattr(record, "MOST_OF_ONE_A_DAY", 60)
    monkeypatch.setattr(record, "MOST_A_DAY", 50)
    monkeypatch.setattr(record, "RESERVED", 5)
    written: Counter[str] = Counter()
    for _ in range(6):
        for door in ("login", "launch", "content", "continue"):
            written[door] += flood(30, door)
        quiet_clock[0] += 60
    assert sum(written.values()) == 50 + 4 * 5
    assert min(written.values()) >= 5
    quiet_clock[0] += record.DAY
    assert flood(30) == 20


@pytest.mark.parametrize("stage", STAGES)
def test_sec_32_what_passed_the_signature_is_recorded_whatever_strangers_did_before(stage):
    assert flood(310, steps=STAGES[stage], whose=7) == record.MOST_UNUSED_PER_MINUTE
    for number, error in enumerate((ClaimMissing(), AudienceMismatch(), GateClosed())):
        trail = Trail("launch", steps=list(SIGNED), registration_pk=7, login_digest=f"login-{number}")
        assert recorded(trail, error), error


@pytest.mark.parametrize("stage", ["nothing", "state"])
def test_sec_32_attempts_of_another_stage_or_registration_hide_nothing(stage):
    flood(310, steps=STAGES[stage], whose=7)
    assert recorded(Trail("launch", steps=list(BEFORE), registration_pk=7), SignatureInvalid())
    assert recorded(Trail("launch", steps=list(STAGES[stage]), registration_pk=8), TokenMissing())
    assert recorded(Trail("content"), GrantMissing())


def test_sec_32_each_bucket_has_its_reserve_when_the_sites_day_is_full(monkeypatch):
    monkeypatch.setattr(record, "MOST_A_DAY", 0)
    assert flood(200, whose=7) == record.RESERVED
    assert flood(3, whose=8) == 3


@pytest.mark.parametrize("error", [LaunchReplayed, AudienceMismatch, ClaimMissing])
def test_sec_32_one_genuine_token_that_is_posted_again_and_again_does_not_fill_the_table(error):
    many = [recorded(Trail("launch", steps=list(SIGNED), login_digest="the-one"), error()) for _ in range(60)]
    assert sum(many) == record.MOST_OF_A_LOGIN
    assert recorded(Trail("launch", steps=list(SIGNED), login_digest="another"), error())


def test_sec_32_what_used_its_login_up_is_recorded_always():
    assert all(recorded(Trail("launch", steps=[*SIGNED, "first use"]), GateClosed()) for _ in range(100))


def test_sec_32_without_a_cache_each_process_keeps_the_measure(settings):
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    assert flood(200, "login") == record.MOST_UNUSED_PER_MINUTE
    assert recorded(Trail("launch"), RegistrationUnknown())
    assert not Registration.objects.exists()
