"""Decides what an answer to a score means: done, later, or not without a person."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import (
    AccessTokenRefused,
    AddressForbidden,
    AnswerUnreadable,
    ColumnMissing,
    KeyInvalid,
    LtiError,
    NoActiveKey,
    PlatformUnreachable,
    ServiceRefused,
    StateStoreDown,
    TextNotKept,
    TrustUnreadable,
)
from lti_1p3_provider.lti import numbers
from lti_1p3_provider.lti.exchange import Answer
from lti_1p3_provider.platforms import Preset
from lti_1p3_provider.scores import reasons
from lti_1p3_provider.scores.reasons import Reason, Why

MAX_WAIT = 3600.0  # seconds between two tries
MAX_ASKED = 24 * 3600.0  # seconds that a platform may ask us to wait
MAX_ATTEMPTS = 200  # more than a week at the longest wait
BUSY = frozenset((408, 425))
OUTAGE = 6  # strikes in a row, without a success between them


@dataclass(frozen=True, slots=True)
class Decision:
    """``why``: the reason. ``delivered``: the platform has it. ``retry_at``: try again then. ``given_up``: it waits for
    a person. If none of these is set, the score is settled without being stored (a newer one is there).

    ``strikes``: how strongly this suggests that the platform takes no scores at all (``OUTAGE`` is enough); ``asked``:
    seconds for which it wants to be left alone."""

    why: Why
    delivered: bool = False
    retry_at: datetime | None = None
    given_up: bool = False
    strikes: int = 0
    asked: float = 0.0


def of_answer(answer: Answer, preset: Preset, attempts: int, now: datetime) -> Decision:
    """Judge a platform's answer to a score. ``attempts`` counts failures before this one. (AGS 2.0, 3.4.9)"""
    if answer.ok:
        return Decision(Why(Reason.TAKEN, answer.status), delivered=True)
    if answer.status in preset.stale_statuses:
        return Decision(Why(Reason.NEWER, answer.status))
    passing = _passing(answer.status, answer.headers, "", attempts, now)
    return passing or Decision(Why(Reason.REFUSED, answer.status), given_up=True)


def of_error(error: LtiError, attempts: int, now: datetime) -> Decision:
    """Judge an error of ours. Most pass by themselves, or once the operator has fixed the registration."""
    why = reasons.of_error(error)
    match error:
        case ColumnMissing():
            return Decision(why)
        case ServiceRefused():
            passing = _passing(error.answered, error.headers, error.asked, attempts, now)
            return passing or Decision(why, given_up=True)
        case AddressForbidden() | KeyInvalid() | TextNotKept():
            return Decision(why, given_up=True)
        case _:
            return _later(why, attempts, now, strikes=_strikes(error))


def _passing(status: int, headers: Mapping[str, str], detail: str, attempts: int, now: datetime) -> Decision | None:
    """Judge a status that passes by itself; return None for others. ``detail``: what was requested, if not a score."""
    asked = _retry_after(headers, now)
    if status == 429 or _is_throttled(status, headers):
        return _later(Why(Reason.THROTTLED, status, detail), attempts, now, strikes=OUTAGE, asked=asked)
    if status in BUSY or status >= 500 or status < 200:
        return _later(Why(Reason.FAILING, status, detail), attempts, now, strikes=1, asked=asked)
    if 300 <= status < 400:  # moved, or to a sign-in
        return _later(Why(Reason.REDIRECTED, status, detail), attempts, now, strikes=1, asked=asked)
    if status == 401:  # a new access token did not help
        return _later(Why(Reason.ACCESS_REFUSED, status, detail), attempts, now, strikes=2)
    return None


def _strikes(error: LtiError) -> int:
    """Return how strongly a failure counts against the platform. A refused access token concerns all scores alike; a
    time-out costs a worker seconds."""
    match error:
        case AccessTokenRefused() | NoActiveKey() | StateStoreDown() | TrustUnreadable():
            return OUTAGE
        case PlatformUnreachable():
            return OUTAGE // 2
        case AnswerUnreadable():
            return 1
        case _:
            return 0


def of_accident(name: str, attempts: int, now: datetime) -> Decision:
    """Decide about a score on which our own code failed, perhaps even ``of_error``: try later, for a limited time.

    ``name``: the error's kind; its message may contain anything. It says nothing about the platform.
    """
    why = Why(Reason.FAILED_HERE, detail=name)
    if attempts + 1 >= MAX_ATTEMPTS:
        return Decision(why, given_up=True)
    return Decision(why, retry_at=now + timedelta(seconds=MAX_WAIT))


def backoff(attempts: int) -> float:
    """Return the next wait in seconds: doubled each time, capped, with jitter so that rows do not march in step."""
    return float(min(conf.retry_base * 2.0 ** min(attempts, 20), MAX_WAIT) * random.uniform(0.8, 1.2))


def _later(why: Why, attempts: int, now: datetime, strikes: int = 0, asked: float = 0.0) -> Decision:
    if attempts + 1 >= MAX_ATTEMPTS:
        return Decision(why, given_up=True, strikes=strikes, asked=asked)
    wait = timedelta(seconds=max(asked, backoff(attempts)))
    return Decision(why, retry_at=now + wait, strikes=strikes, asked=asked)


def _is_throttled(status: int, headers: Mapping[str, str]) -> bool:
    """Tell whether a 403 means that we ask too much. On Canvas, the rest of its allowance tells that from a refusal."""
    left = numbers.written(headers.get("x-rate-limit-remaining", ""))
    return status == 403 and left is not None and left <= 0


def _retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds in ``Retry-After`` (RFC 9110, 10.2.3), 0 without it."""
    value = headers.get("retry-after", "").strip()
    is_whole = value.isascii() and value.isdigit()  # however many digits
    seconds = float(value) if is_whole else numbers.written(value)
    if seconds is None and (date := numbers.http_date(value)) is not None:
        seconds = (date - now).total_seconds()
    return min(max(seconds or 0.0, 0.0), MAX_ASKED)
