"""Limits how long one score may take in all: the access token, the pages of a list, a new column, and the score
itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from lti_1p3_provider.conf import conf
from lti_1p3_provider.errors import PlatformUnreachable
from lti_1p3_provider.lti.exchange import Exchange, Request, Result, Step

WHOLE = 2.0  # of the time for one request: what one score gets for all of its requests
SLOW = 0.5  # of the time for one request: a score that takes longer speaks against its platform


def is_slow(seconds: float) -> bool:
    """Tell whether a score was accepted so slowly that other scores suffer."""
    return seconds > SLOW * conf.http_timeout


def within(exchange: Exchange[Result]) -> Exchange[Result]:
    """Run a conversation, but not for longer than one score may take.

    Raises:
        PlatformUnreachable: it would take longer.
        LtiError: whatever the conversation raises.
    """
    whole = WHOLE * conf.http_timeout
    end = time.monotonic() + whole
    turn: Callable[[], Step] = exchange.__next__
    while True:
        try:
            step = turn()
        except StopIteration as done:
            result: Result = done.value
            return result
        left = end - time.monotonic()
        if left <= 0:
            exchange.close()
            raise PlatformUnreachable(f"one score took longer than {whole:g} s in all")
        try:
            answer = yield _limited(step, left)
        except GeneratorExit:
            exchange.close()
            raise
        except BaseException as error:
            turn = _throw(exchange, error)
        else:
            turn = _send(exchange, answer)


def _limited(step: Step, left: float) -> Step:
    """A request ends when the score's time does."""
    usual = conf.http_timeout
    if isinstance(step, Request) and left < (step.timeout or usual):
        return replace(step, timeout=left)
    return step


def _throw(exchange: Exchange[Result], error: BaseException) -> Callable[[], Step]:
    return lambda: exchange.throw(error)


def _send(exchange: Exchange[Result], answer: object) -> Callable[[], Step]:
    return lambda: exchange.send(answer)
