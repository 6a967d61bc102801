"""How many refused attempts are recorded: strangers can neither fill the table nor hide what happens to others."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import pytest
from django.core.cache import cache

from lti_1p3_provider.diagnostics import record
from lti_1p3_provider.diagnostics.models import LaunchAttempt
from lti_1p3_provider.diagnostics.record import LIMITS, Limits
from lti_1p3_provider.diagnostics.trail import Trail
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
from lti_1p3_provider.registrations.models import Registration
from tests.connection import COURSE, OTHER_COURSE, usage

BEFORE = ["form", "state", "browser", "shape", "registration"]
SIGNED = [*BEFORE, "signature"]
TODAY = usage("vertical", "today", OTHER_COURSE)
STAGES = {"nothing": [], "state": ["form", "state"], "browser": BEFORE}


NOW = 1_800_000_000.0  # no minute ends in the middle of a test


@pytest.fixture(autouse=True)
def nothing_counted(db) -> None:
    """Nobody made an attempt yet."""
    cache.clear()
    record._counted_here.clear()


def recorded(trail: Trail, error: Exception) -> bool:
    code = record.refusal(trail, error, clock=lambda: NOW)
    return LaunchAttempt.objects.filter(support_code=code).exists()


def flood(
    number: int,
    door: str = "launch",
    steps: list[str] | None = None,
    whose: int | None = None,
    limits: Limits = LIMITS,
    now: float = NOW,
) -> int:
    """Make attempts; return how many were recorded."""
    before = LaunchAttempt.objects.count()
    for _ in range(number):
        trail = Trail(door, steps=list(steps or []), registration_pk=whose)
        record.refusal(trail, TokenMissing(), limits, lambda: now)
    return LaunchAttempt.objects.count() - before


def test_sec_32_a_day_of_strangers_attempts_is_bounded():
    few, now = Limits(per_minute=20, of_one_a_day=60, a_day=50, reserved=5), NOW
    written: Counter[str] = Counter()
    for _ in range(6):
        for door in ("login", "launch", "content", "continue"):
            written[door] += flood(30, door, limits=few, now=now)
        now += 60
    assert sum(written.values()) == 50 + 4 * 5
    assert min(written.values()) >= 5
    assert flood(30, limits=few, now=now + record.DAY) == 20


@pytest.mark.parametrize("stage", STAGES)
def test_sec_32_what_passed_the_signature_is_recorded_whatever_strangers_did_before(stage):
    assert flood(310, steps=STAGES[stage], whose=7) == LIMITS.per_minute
    for number, error in enumerate((ClaimMissing(), AudienceMismatch(), GateClosed())):
        trail = Trail("launch", steps=list(SIGNED), registration_pk=7, login_digest=f"login-{number}")
        assert recorded(trail, error), error


@pytest.mark.parametrize("stage", ["nothing", "state"])
def test_sec_32_attempts_of_another_stage_or_registration_hide_nothing(stage):
    flood(310, steps=STAGES[stage], whose=7)
    assert recorded(Trail("launch", steps=list(BEFORE), registration_pk=7), SignatureInvalid())
    assert recorded(Trail("launch", steps=list(STAGES[stage]), registration_pk=8), TokenMissing())
    assert recorded(Trail("content"), GrantMissing())


def test_sec_32_each_bucket_has_its_reserve_when_the_sites_day_is_full():
    full = Limits(a_day=0)
    assert flood(200, whose=7, limits=full) == full.reserved
    assert flood(3, whose=8, limits=full) == 3


@pytest.mark.parametrize("error", [LaunchReplayed, AudienceMismatch, ClaimMissing])
def test_sec_32_one_genuine_token_that_is_posted_again_and_again_does_not_fill_the_table(error):
    many = [recorded(Trail("launch", steps=list(SIGNED), login_digest="the-one"), error()) for _ in range(60)]
    assert sum(many) == record.MAX_OF_A_LOGIN
    assert recorded(Trail("launch", steps=list(SIGNED), login_digest="another"), error())


def test_sec_32_what_used_its_login_up_is_recorded_always():
    assert all(recorded(Trail("launch", steps=[*SIGNED, "first use"]), GateClosed()) for _ in range(100))


def test_sec_32_without_a_cache_each_process_keeps_the_measure(settings):
    settings.CACHES = {"default": {"BACKEND": "tests.broken_cache.DeadCache"}}
    assert flood(200, "login") == LIMITS.per_minute
    assert recorded(Trail("launch"), RegistrationUnknown())
    assert not Registration.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_administrator_finds_a_refusal_by_its_support_code(connection, admin_client):
    connection.gate(allowed_courses=[COURSE])
    pages = [connection.launch(connection.link(TODAY, course=OTHER_COURSE)).text for _ in range(2)]
    code, other = (re.search(r'class="code"[^>]*>([^<]+)<', page)[1] for page in pages)

    listed = admin_client.get("/admin/lti_1p3_provider/launchattempt/", {"q": code}).content.decode()
    assert "1 launch attempt\n" in listed
    assert other not in listed
    (there,) = re.findall(rf'href="([^"]+)">{code}</a>', listed)
    shown = unescape(admin_client.get(there.partition("?")[0]).content.decode())
    assert re.search("field-explanation.*The registration's launch gate does not include this content.", shown, re.S)
    assert re.search(f"field-detail.*{re.escape(OTHER_COURSE.partition(':')[2])}", shown, re.S)
