"""The state of a login says what it was issued for; its proof is good where it was to be kept (CORE-05, STOR-05)."""

from __future__ import annotations

import time

import pytest
from django.core.signing import TimestampSigner

from lti_1p3_provider.errors import BrowserMismatch, StateUnknown
from lti_1p3_provider.lti import state
from tests.cases import every

TARGET = "https://lms.example/lti/1p3/launch/course-v1:A+B+C"


@every("frame", ["", "_parent", "X", "a.b.c", "x" * 64])
@every("registration", [1, 10**9])
def test_core_05_what_a_state_was_issued_for_is_read_from_it(registration, frame):
    issued = state.issue(registration, TARGET, frame)
    assert state.read(issued.value) == issued
    assert (issued.registration_pk, issued.storage_frame) == (registration, frame)
    assert issued.target_digest == state.digest_of_target(TARGET) != state.digest_of_target(f"{TARGET}/x")


def test_core_05_a_login_is_recorded_under_a_name_of_its_own_that_is_near_those_of_its_time(monkeypatch):
    real, names = time.time, []
    for later in (0, 0, 10, 1000, 100_000):
        monkeypatch.setattr(time, "time", lambda seconds=later: real() + seconds)
        issued = state.issue(1, TARGET)
        assert issued.dated_digest == state.read(issued.value).dated_digest
        assert issued.dated_digest.endswith(f":{issued.digest[:57]}")
        names.append(issued.dated_digest)
    assert len({*names}) == 5
    assert [len(name) for name in names] == [64] * 5
    moments = [name.partition(":")[0] for name in names]
    assert moments == sorted(moments)


def test_sec_25_a_state_that_is_too_long_to_be_ours_is_not_read_to_its_end(monkeypatch):
    read, unsign = [], TimestampSigner.unsign

    def noted(signer: TimestampSigner, value: str, **limits: int) -> str:
        read.append(len(value))
        return unsign(signer, value, **limits)

    monkeypatch.setattr(TimestampSigner, "unsign", noted)
    with pytest.raises(StateUnknown):
        state.read(f"{state.issue(1, TARGET).value}{'x' * 10_000}")
    assert read == [state.MAX_LENGTH + 1]


@pytest.mark.django_db
def test_sec_10_a_proof_that_is_posted_counts_only_where_the_platforms_frame_keeps_it():
    kept, ordinary = state.issue(1, TARGET, "_parent"), state.issue(1, TARGET)
    state.require_same_browser(kept, {}, kept.proof)
    state.require_same_browser(ordinary, {ordinary.cookie_name: ordinary.proof})
    state.require_same_browser(kept, {kept.cookie_name: kept.proof})
    for login, stored in ((ordinary, ordinary.proof), (kept, ""), (kept, ordinary.proof)):
        with pytest.raises(BrowserMismatch):
            state.require_same_browser(login, {}, stored)
