"""What an account may reach while its session is confined: the content of its live grants, cached for some seconds.

The cache can only let requests pass. Before anything is refused the grants are read again, so a launch counts at once
in all processes. A grant's end is compared each time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Generic, TypeVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils import timezone
from opaque_keys.edx.keys import CourseKey, UsageKey
from opaque_keys.edx.locator import CourseLocator

from lti_1p3_provider.gates import policy
from lti_1p3_provider.host.surface import Surface
from lti_1p3_provider.identifiers import digest
from lti_1p3_provider.outline import find as outline
from lti_1p3_provider.registrations.models import Registration
from lti_1p3_provider.registrations.querysets import where_open
from lti_1p3_provider.users.models import Grant, PlatformUser

LIFETIME = 15.0  # seconds for which a process keeps what it read
MAX_KEPT = 5000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """What a process read, for ``LIFETIME`` seconds by ``clock``."""

    def __init__(self, read: Callable[[Key], Value], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key, *, fresh: bool = False) -> Value:
        """Return what is cached, or read it; ``fresh``: read it in any case."""
        known = self._known.get(key)
        if known is not None and not fresh and self._clock() - known[0] < LIFETIME:
            return known[1]
        began = self._clock()
        value = self._read(key)
        if len(self._known) >= MAX_KEPT:
            self._known.clear()
        self._known[key] = (began, value)
        return value

    def forget(self, key: Key) -> None:
        """Read it again next time."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """Forget all of it."""
        self._known.clear()


@dataclass(frozen=True, slots=True)
class Scope:
    """``grants``: by the digest of a block's key, until when and through which registration it may be opened. ``keys``:
    the blocks' keys, if the grants name them."""

    grants: Mapping[str, tuple[datetime, Registration]]
    keys: tuple[UsageKey, ...] = ()
    found: dict[UsageKey, tuple[UsageKey, ...]] = field(default_factory=dict)  # what is above a block

    def opens(self, surface: Surface) -> bool:
        """Tell whether all that a request names is open."""
        if surface.closed:
            return False
        if surface.whole_course and not surface.courses and not self.has_a_course():
            return False
        return all(map(self._opens_block, surface.blocks)) and all(
            self._opens_course(key) or (surface.serves_a_page and self._has_one_of(key)) for key in surface.courses
        )

    def has_a_course(self) -> bool:
        """Tell whether a whole course may be opened."""
        return any(key.block_type == "course" and self._is_live(key) for key in self.keys)

    def _opens_block(self, key: UsageKey) -> bool:
        """A block is open if it, or something above it, was launched."""
        course_key = key.context_key
        if not isinstance(course_key, CourseLocator):
            return False
        return self._is_live(key) or self._opens_course(course_key) or any(map(self._is_live, self._above(key)))

    def _opens_course(self, course_key: CourseKey) -> bool:
        return isinstance(course_key, CourseLocator) and self._is_live(whole(course_key))

    def _has_one_of(self, course_key: CourseKey) -> bool:
        return any(key.course_key == course_key and self._is_live(key) for key in self.keys)

    def _above(self, key: UsageKey) -> tuple[UsageKey, ...]:
        if key not in self.found and self.grants:
            self.found[key] = tuple(outline.above(key.course_key, key))
        return self.found.get(key, ())

    def _is_live(self, key: UsageKey) -> bool:
        until, registration = self.grants.get(digest(str(key)), (None, None))
        if until is None or registration is None or until < timezone.now():
            return False
        return policy.opens(registration, key.course_key, key)


@lru_cache(1000)
def whole(course_key: CourseKey) -> UsageKey:
    """Return the block that stands for the whole course."""
    return course_key.make_usage_key("course", "course")


def _scope(user: int) -> Scope:
    """Read what the account may open. If it was switched off, that is nothing."""
    live = {"until__gte": timezone.now(), "user__is_active": True}
    grants = Grant.objects.filter(where_open("deployment__"), user_id=user, **live)
    rows = list(grants.select_related("deployment__registration__gate"))
    return Scope(
        {row.usage_digest: (row.until, row.deployment.registration) for row in rows},
        tuple(UsageKey.from_string(row.usage_key) for row in rows if row.usage_key),
    )


def _registrations(deployments: tuple[int, ...]) -> tuple[Registration, ...]:
    rows = Registration.objects.filter(deployments__pk__in=deployments).distinct()
    return tuple(rows)


def _account(name: str) -> tuple[int, tuple[Registration, ...]] | None:
    """Return the account with this name, and a registration that it launched from, if only launches sign in to it; else
    None."""
    rows = PlatformUser.objects.select_related("registration").filter(
        user__username=name, user__password__startswith=UNUSABLE_PASSWORD_PREFIX
    )
    found = list(rows)
    return (found[0].user_id, tuple(row.registration for row in found)) if found else None


scopes = Kept(_scope)
registrations = Kept(_registrations)
accounts = Kept(_account)


def forget_all() -> None:
    """Read everything again next time."""
    for kept in (scopes, registrations, accounts):
        kept.clear()


def confining(found: Iterable[Registration]) -> Registration | None:
    """Return the first registration that confines its people; None if all of them allow the whole site."""
    return next((one for one in found if one.confine_sessions), None)
