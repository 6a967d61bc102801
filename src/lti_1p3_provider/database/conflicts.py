"""Recognizes errors that say "another transaction was first". They pass if the transaction is tried again.

Drivers raise ``OperationalError`` for these and for others, on MySQL even for a character that a column cannot store.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, connection

MYSQL = frozenset((1020, 1205, 1213, 3572))  # the record has changed, lock wait, deadlock, NOWAIT
POSTGRESQL = frozenset(("40001", "40P01", "55P03"))  # serialization, deadlock, lock not available
SQLITE = frozenset((5, 6))  # busy, locked; what is above the lowest byte says more closely why
MAX_TRIES = 3
PAUSE = 0.05  # seconds between two of them

Value = TypeVar("Value")

log = logging.getLogger(__name__)


def outlast(transaction: Callable[[], Value]) -> Value:
    """Run a whole transaction, and once more if the database let another one go first. Inside of one that somebody else
    began there is one try: all of that has to be done again.

    Raises:
        django.db.Error: of another kind, or too often.
    """
    for _ in range(MAX_TRIES - 1):
        try:
            return transaction()
        except Error as error:
            if connection.in_atomic_block or not is_conflict(error):
                raise
            log.warning("LTI: the database chose another one first (%s); once more", described(error))
            time.sleep(PAUSE)
    return transaction()


def is_conflict(error: Error) -> bool:
    """Tell whether to try the whole transaction again: a deadlock, a lock wait or a serialization failure.

    Django and the LMS wrap the driver's error in errors of their own, so the causes are looked at, too.
    """
    at: BaseException | None = error
    while at is not None:
        if _is_conflict(at):
            return True
        at = at.__cause__
    return False


def described(error: BaseException) -> str:
    """Return the error's kind and its number or state. Its message may quote a platform or what was to be stored."""
    beneath = error.__cause__ or error
    state = _number(beneath) or _state(beneath) or getattr(beneath, "sqlite_errorname", None)
    return " ".join(str(part) for part in (type(error).__name__, state) if part)


def traced(error: BaseException) -> str:
    """Return where the error was raised, for a log: a traceback without the message."""
    return f"{described(error)}\n{''.join(traceback.format_tb(error.__traceback__))}"


def _is_conflict(error: BaseException) -> bool:
    sqlite = getattr(error, "sqlite_errorcode", None)
    is_busy = isinstance(sqlite, int) and sqlite & 0xFF in SQLITE
    return _number(error) in MYSQL or _state(error) in POSTGRESQL or is_busy


def _number(error: BaseException) -> int | None:
    """Return MySQL's error number, which its drivers put first."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) else None


def _state(error: BaseException) -> str | None:
    """Return PostgreSQL's state, which its two drivers name differently."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
