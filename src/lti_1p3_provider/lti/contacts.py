"""Remembers how platforms answered last: when we got their keys or an access token, or when and why we did not.

It is in the cache that all processes share, for a week, so a launch or a score writes no row because of it. What the
cache loses is unknown again, which does no harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypedDict

from django.utils import timezone

from lti_1p3_provider.errors import LtiError, StateStoreDown
from lti_1p3_provider.lti import numbers, store
from lti_1p3_provider.lti.exchange import Answer

KEPT = 7 * 24 * 3600  # seconds
MAX_SKEW = timedelta(seconds=30)  # Moodle refuses tokens that are further ahead


class About(StrEnum):
    """What a platform was asked for."""

    KEYS = "keys"
    TOKEN = "token"


@dataclass(frozen=True, slots=True)
class Contact:
    """When something was last got from a platform (``worked_at``); when it last failed, with the error's code; and how
    many seconds our clock was ahead of the platform's, if its answer said so."""

    worked_at: datetime | None = None
    failed_at: datetime | None = None
    code: str = ""
    skew: float | None = None

    @property
    def fails(self) -> bool:
        """Whether the last try failed."""
        return self.failed_at is not None and (self.worked_at is None or self.failed_at > self.worked_at)


Contacts = dict[tuple[int, About], Contact]  # by registration


class _Kept(TypedDict):
    at: float  # seconds of the epoch
    code: str
    skew: float | None


@contextmanager
def noted(registration_pk: int, about: About) -> Iterator[None]:
    """Note an error that is raised inside, and raise it again."""
    try:
        yield
    except LtiError as error:
        _put(registration_pk, about, "failed", _Kept(at=_now(), code=error.code, skew=None))
        raise


def worked(registration_pk: int, about: About, answer: Answer) -> None:
    """Note that a platform gave what it was asked for."""
    _put(registration_pk, about, "worked", _Kept(at=_now(), code="", skew=skew(answer, timezone.now())))


def of_all(registrations: Collection[int]) -> Contacts:
    """Return what is known of some registrations, with one question to the cache; nothing if the cache is down."""
    names = {
        _name(pk, about, how): (pk, about, how)
        for pk in registrations
        for about in About
        for how in ("worked", "failed")
    }
    kept: dict[tuple[int, About, str], _Kept] = {}
    with suppress(StateStoreDown):
        kept = {names[name]: value for name, value in store.get_many(names).items()}
    found: Contacts = {}
    for pk, about in {(pk, about) for pk, about, _ in kept}:
        good, bad = kept.get((pk, about, "worked")), kept.get((pk, about, "failed"))
        found[pk, about] = Contact(
            datetime.fromtimestamp(good["at"], UTC) if good else None,
            datetime.fromtimestamp(bad["at"], UTC) if bad else None,
            bad["code"] if bad else "",
            good["skew"] if good else None,
        )
    return found


def skew(answer: Answer, now: datetime) -> float | None:
    """Return how many seconds our clock is ahead of the one that dated an answer; None if that is unknown. An answer
    with an age comes from a cache on the way, and its date is older."""
    theirs = numbers.http_date(answer.headers.get("date", ""))
    return None if theirs is None or "age" in answer.headers else (now - theirs).total_seconds()


def _put(registration_pk: int, about: About, how: str, kept: _Kept) -> None:
    with suppress(StateStoreDown):
        store.put(_name(registration_pk, about, how), kept, KEPT)


def _now() -> float:
    return timezone.now().timestamp()


def _name(registration_pk: int, about: About, how: str) -> str:
    return f"lti1p3:contact:{registration_pk}:{about}:{how}"
